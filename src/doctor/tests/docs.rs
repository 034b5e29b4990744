//! The table of checks in the documentation is made from the checks. To make it anew:
//! `PODCLAW_WRITE_DOCS=1 cargo test --lib doctor::tests::docs`

use std::fmt::Write as _;
use std::path::Path;

use super::super::{Group, all};

const BEGIN: &str = "<!-- made from the checks, by a test -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn the_table_is_what_the_checks_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let wanted = made();
    if std::env::var_os("PODCLAW_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
    } else {
        assert!(table == wanted, "docs/doctor.md is stale: make it anew with PODCLAW_WRITE_DOCS=1");
    }
}

fn made() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        write!(text, "\n### {group}\n").unwrap();
        for check in all().filter(|check| check.group == group) {
            let essential = if check.essential { " *Essential.*" } else { "" };
            let (id, title, why, remedy) = (check.id, check.title, check.why, check.remedy);
            write!(text, "\n**`{id}`**: {title}.{essential} {why}\n\n- Mend: {remedy}.\n").unwrap();
        }
    }
    text.push('\n');
    text
}
