//! The house rules that a compiler does not know: which crate may know which, where SQL and the desktop toolkit may
//! stand, and how long a file may be. Each rule is a function from text to what is wrong with it, tested on planted
//! violations, and then applied to the tree.

mod edges;
mod features;
mod literals;
mod sources;

use std::path::{Path, PathBuf};
use std::process::Command;

use sources::SourceFile;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the tests lie in a workspace").to_owned()
}

fn output_of(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{program} could not be started: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Every file that is, or is about to be, in the repository, and is text.
fn tree() -> Vec<SourceFile> {
    // Files that are not ignored count before they are added: a rule should speak before the commit.
    let list = output_of("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let list = String::from_utf8(list).expect("paths are UTF-8");
    let files: Vec<SourceFile> = list
        .split('\0')
        .filter(|path| !path.is_empty())
        .filter_map(|path| {
            // A file deleted but not yet committed is listed without being there.
            let text = std::fs::read(root().join(path)).ok()?;
            Some(SourceFile { path: path.to_owned(), text: String::from_utf8(text).ok()? })
        })
        .collect();
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "git lists no Cargo.toml: this is not the tree"
    );
    files
}

fn assert_none(what: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what}:\n  {}", violations.join("\n  "));
}

/// What cargo knows of the workspace's packages.
fn metadata() -> Vec<u8> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    output_of(&cargo, &["metadata", "--format-version=1", "--no-deps", "--offline"])
}

#[test]
fn shipped_programs_are_built_without_what_only_tests_use() {
    assert_none("features that are for tests", &features::violations(&metadata()));
}

#[test]
fn crates_depend_only_downwards() {
    let metadata = metadata();
    let packages = edges::packages(&metadata);
    assert!(packages.len() >= 8, "cargo metadata lists only {} packages", packages.len());
    assert_none("forbidden dependencies", &edges::violations(&packages));
}

#[test]
fn no_hand_written_file_is_too_long_to_read() {
    assert_none("files of more than 800 lines", &sources::too_long(&tree()));
}

#[test]
fn the_desktop_shell_stays_thin() {
    assert_none("src-tauri/src is no place for rules", &sources::shell_too_thick(&tree()));
}

#[test]
fn the_desktop_toolkit_is_imported_in_one_folder_of_the_ui() {
    assert_none("only ui/src/platform/ may import it", &sources::toolkit_imports(&tree()));
}

#[test]
fn sql_stands_only_in_the_two_storage_layers() {
    assert_none(
        "only crates/store and crates/server/src/storage hold SQL",
        &sources::stray_sql(&tree()),
    );
}

#[test]
fn modules_are_named_by_their_file() {
    assert_none("name it after the module, beside its folder", &sources::mod_files(&tree()));
}

#[test]
fn no_file_names_a_machine_or_a_package_registry() {
    let mut machine = vec![root().display().to_string()];
    machine.extend(std::env::var("HOME").ok().filter(|home| home.len() > 1));
    // Where build machines and administrators work; a path there says nothing to anybody else.
    machine.extend([concat!("/", "root"), concat!("/", "work")].map(str::to_owned));
    assert_none(
        "names of places that are not the product's",
        &sources::foreign_places(&tree(), &machine),
    );
}
