//! Profiles from a directory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use podclaw::profile::{Library, LoadError};

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("mine.yaml"), "description: x\n").unwrap();
    directory
}

fn error(path: &Path) -> String {
    Library::from_directory(path).unwrap_err().to_string()
}

#[test]
fn a_directory_of_profiles() {
    let directory = directory();
    let library = Library::from_directory(directory.path()).unwrap();
    assert_eq!(library.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>(), ["mine"]);
    let error = library.stack(["mine", "other"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no profile \"other\"; there are: mine");
}

#[test]
fn the_shipped_directory_is_what_is_compiled_in() {
    let shipped = Library::from_directory(&Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles")).unwrap();
    let json = |library: &Library| library.iter().map(|p| p.put_json(&super::lab())).collect::<Vec<_>>();
    assert_eq!(json(&shipped), json(&Library::built_in().unwrap()));
}

#[test]
fn what_does_not_belong_there_is_an_error() {
    for name in ["readme.md", "mine.yml", ".hidden.yaml", "UP.yaml", "-x.yaml", ".yaml"] {
        let directory = directory();
        fs::write(directory.path().join(name), "description: x\n").unwrap();
        assert!(error(directory.path()).contains("does not belong among profiles"), "{name}");
    }
    let with_link = directory();
    symlink("mine.yaml", with_link.path().join("link.yaml")).unwrap();
    assert!(error(with_link.path()).contains("it is a symbolic link"));
    let with_directory = directory();
    fs::create_dir(with_directory.path().join("sub.yaml")).unwrap();
    assert!(error(with_directory.path()).contains("it is not a regular file"));
    let with_pipe = directory();
    let pipe = with_pipe.path().join("pipe.yaml");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert!(error(with_pipe.path()).contains("it is not a regular file"));
}

#[test]
fn nothing_to_load_is_an_error() {
    let empty = tempfile::tempdir().unwrap();
    assert!(error(empty.path()).starts_with("there is no profile in "));
    assert!(matches!(Library::from_directory(&empty.path().join("no")), Err(LoadError::Io { .. })));
}

#[test]
fn a_large_file_is_refused_without_being_read_whole() {
    let directory = directory();
    let file = fs::File::create(directory.path().join("large.yaml")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(error(directory.path()).contains("large.yaml\": it has more than 1048576 bytes"));
}

#[test]
fn all_problems_of_all_files_are_listed() {
    let directory = directory();
    fs::write(directory.path().join("b.yaml"), "description: yes\n").unwrap();
    fs::write(directory.path().join("c.yaml"), "description: x\nfoo: z\n").unwrap();
    let error = error(directory.path());
    assert!(
        error.contains("b.yaml:1:14: \"yes\" can be taken for true or false")
            && error.contains("c.yaml:2:1: unknown field `foo`"),
        "{error}"
    );
}
