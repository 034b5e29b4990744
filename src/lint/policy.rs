//! The policy that comes with the files: waivers and own rules.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::collect::{File, LARGEST};
use super::{Kind, Report};
use crate::file;
use crate::rules::own::OwnRules;
use crate::rules::waiver::{self, Terms, Waivers};

/// What the policy says beside the rules that are built in.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// The user's own rules.
    pub(super) own: OwnRules,
    /// The waivers that hold.
    waivers: Vec<Set>,
}

/// The waivers of one file.
#[derive(Debug)]
struct Set {
    waivers: Waivers,
    /// Whether the file itself is to be judged, and so what in it is of no use.
    is_asked: bool,
}

/// A text of the policy.
struct Text {
    name: String,
    bytes: Vec<u8>,
    is_asked: bool,
}

impl Policy {
    /// Reads the policy: that of the directory that is given, and what is among the files.
    pub(super) fn read(directory: Option<&Path>, today: Date, files: &[File], report: &mut Report) -> Self {
        let mut policy = Self::default();
        for Text { name, bytes, .. } in texts(Kind::OwnRules, directory, files, report) {
            report.findings.extend(policy.own.add(&name, &bytes));
        }
        let own_rules = policy.own.rules().iter().map(|rule| (rule.id.clone(), rule.waivable)).collect();
        let terms = Terms { today, own_rules };
        for Text { name, bytes, is_asked } in texts(Kind::Waivers, directory, files, report) {
            if directory.is_some_and(|directory| !is_waivers_of(directory, &name)) {
                report.findings.push(waiver::elsewhere(&name, &bytes));
                continue;
            }
            let (waivers, findings) = Waivers::read(&name, &bytes, &terms);
            report.findings.extend(findings);
            policy.waivers.push(Set { waivers, is_asked });
        }
        policy
    }

    /// Whether there is something to set aside.
    pub(super) fn has_waivers(&self) -> bool {
        !self.waivers.is_empty()
    }

    /// Sets aside what is waived of files.
    pub(super) fn waive_files(self, judged: &[String], report: &mut Report) {
        for set in self.waivers {
            apply(&set.waivers.of_files(), set.is_asked.then_some(judged), report);
        }
    }

    /// Sets aside what is waived of the objects of a daemon. Whether a waiver is of any use is known only where all was judged.
    pub(super) fn waive_objects(self, is_all: bool, report: &mut Report) {
        for set in self.waivers {
            apply(&set.waivers.of_objects(), is_all.then_some(&[]), report);
        }
    }
}

/// Sets aside what is waived; with the names of what was judged, those that were of no use are findings.
fn apply(waivers: &Waivers, judged: Option<&[String]>, report: &mut Report) {
    let mut applied = waivers.apply(std::mem::take(&mut report.findings));
    if let Some(judged) = judged {
        let unused = waivers.unused(&applied, judged);
        applied.findings.extend(unused);
    }
    report.findings = applied.findings;
    report.waived.extend(applied.waived);
}

/// The texts of one kind: from the directory of the policy, and from the files, each once. What cannot be read of the
/// files is said when they are judged.
fn texts(kind: Kind, directory: Option<&Path>, files: &[File], report: &mut Report) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut seen = Vec::new();
    for file in files {
        let name = file.name();
        if !may_be(kind, &name) {
            continue;
        }
        if let Ok(bytes) = file.bytes() {
            seen.extend(std::fs::canonicalize(&name).ok().filter(|_| matches!(file, File::OnDisk { .. })));
            texts.push(Text { name, bytes, is_asked: true });
        }
    }
    let paths = directory.map(|directory| in_directory(kind, directory, report)).unwrap_or_default();
    for path in paths {
        if std::fs::canonicalize(&path).is_ok_and(|real| seen.contains(&real)) {
            continue;
        }
        let name = path.to_string_lossy().into_owned();
        match file::read_no_link(&path, LARGEST) {
            Ok(bytes) => texts.push(Text { name, bytes, is_asked: false }),
            Err(error) => report.fail(name, error.to_string()),
        }
    }
    texts
}

/// Whether a file is the one with the waivers of a policy. Files from elsewhere must not waive what is found in them.
fn is_waivers_of(directory: &Path, name: &str) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    real(Path::new(name)) == real(&directory.join("waivers.yaml"))
}

/// Whether a file is of one of the two kinds, for which its name alone tells.
fn may_be(kind: Kind, name: &str) -> bool {
    Kind::of(name, "") == Some(kind)
}

fn in_directory(kind: Kind, directory: &Path, report: &mut Report) -> Vec<PathBuf> {
    if kind == Kind::Waivers {
        let path = directory.join("waivers.yaml");
        return if path.symlink_metadata().is_ok() { vec![path] } else { Vec::new() };
    }
    let rules = directory.join("rules");
    if rules.symlink_metadata().is_err() {
        return Vec::new();
    }
    match std::fs::read_dir(&rules).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => {
            let mut paths: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
            paths.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
            paths.sort();
            for path in paths.extract_if(.., |path| path.extension().is_none_or(|end| end != "yaml" && end != "yml")) {
                report.fail(path.to_string_lossy(), "this is no rule: only NAME.yaml is one");
            }
            paths
        }
        Err(error) => {
            report.fail(rules.to_string_lossy(), error.to_string());
            Vec::new()
        }
    }
}
