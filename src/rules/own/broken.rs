//! Own rules that cannot judge.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "own-rule-broken",
    severity: Severity::Error,
    summary: "an own rule that cannot be read, or cannot judge a file",
    why: "A rule that fails says nothing, and nothing looks like a pass. So it counts as a finding until it is mended.",
    remedy: "mend the rule; where a key may be missing, ask for it first: `\"limits.cpu\" in config`",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "policy/rules/no-nesting.yaml",
        bad: r#"id: own-no-nesting
judges: profile
severity: error
summary: a guest in which other containers can run
why: This lab's guests need none.
remedy: remove the key
condition: "security.nesting' in config"
examples:
  bad: |
    description: nesting
    config:
      security.nesting: "true"
  good: |
    description: none
"#,
        good: r#"id: own-no-nesting
judges: profile
severity: error
summary: a guest in which other containers can run
why: This lab's guests need none.
remedy: remove the key
condition: "'security.nesting' in config"
examples:
  bad: |
    description: nesting
    config:
      security.nesting: "true"
  good: |
    description: none
"#,
        trial: Trial::Alone,
    }],
};
