//! The report for people.

use podclaw::lint::{Judged, Report};
use podclaw::report::{Look, human};

use super::{everything, finding};

const PLAIN: Look = Look { width: None, quiet: false };

fn shown(report: &Report, look: Look) -> String {
    anstream::adapter::strip_str(&human(report, look)).to_string()
}

#[test]
fn a_finding_is_shown_with_its_lines_and_those_that_have_to_do_with_it() {
    let text = shown(&everything(), PLAIN);
    let expected = r#"error[yaml-untyped]: a plain value whose type depends on who reads it
 --> profiles/a.yaml:3:6
  |
3 |   c: no
  |      ^^ "no" is bad
  |
 ::: profiles/guest.yaml:2:8
  |
2 |   ä.b: first
  |        ----- it is set here first
  |
  = note: the instance: it is set again
  = help: quote the value
  = fix: quote the value: `podclaw lint --fix` does it

note[somebodys-own-rule]: profiles/b.yaml:1:4: "b" is bad
  = help: quote the value

error[yaml-field]: the lab file's limits: too large
 |
 = help: write the fields as they are documented
"#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_end_says_what_was_judged_and_what_came_out() {
    let text = shown(&everything(), PLAIN);
    let end = "waived[yaml-untyped]: profiles/w.yaml:1:4: \"on\" is bad\n  \
               = somebody answers for it until 2026-12-24: a test, \\u{1b}[31mred\n\n\
               not judged: 3 files and 1 stack (guest+standard): 4 errors, 1 note, 1 waived, 1 not judged\n";
    assert!(text.contains(end), "{text}");
    let nothing = Report { judged: Judged::Files(1), ..Report::default() };
    assert_eq!(shown(&nothing, PLAIN), "passed: 1 file: nothing found\n");
    assert_eq!(shown(&nothing, Look { quiet: true, ..PLAIN }), "");
    let quiet = shown(&everything(), Look { quiet: true, ..PLAIN });
    assert!(!quiet.contains("somebodys-own-rule") && !quiet.contains("waived") && quiet.contains("cannot judge"));
}

#[test]
fn nothing_that_a_terminal_would_obey_gets_through() {
    let text = human(&everything(), Look { width: Some(80), quiet: false });
    // Colours are podclaw's own; everything else is not.
    let rest = text.split("\u{1b}[").skip(1).all(|part| part.find('m').is_some_and(|end| end < 12));
    assert!(rest, "{text:?}");
    let plain = shown(&everything(), PLAIN);
    assert!(!plain.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{85}', '\r', '\u{0}']), "{plain:?}");
    assert!(plain.contains(r"a: \u{1b}]0;x\u{7}\u{202e}y\u{85}z"), "{plain}");
}

#[test]
fn thousands_of_findings_stay_readable() {
    let text = format!("a: yes {}\n", "x".repeat(500_000));
    let one = finding("a.yaml", &text, "yes");
    let report = Report { judged: Judged::Files(1), findings: vec![one; 2000], ..Report::default() };
    let text = shown(&report, PLAIN);
    assert!(text.len() < 400_000 && text.lines().all(|line| line.chars().count() < 200), "{}", text.len());
    assert!(text.contains("and 1000 more: `--format json` shows all of them"));
    assert!(text.contains("1 file: 2000 errors"), "{text}");
}
