//! Rules over the files of the tree. Each function gives a line for every violation.

use super::literals::string_literals;

/// A text file of the repository.
pub(super) struct SourceFile {
    /// Relative to the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl SourceFile {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, own)| extensions.contains(&own))
    }

    fn lies_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }

    fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

const HAND_WRITTEN: &[&str] = &["rs", "ts", "tsx", "css", "sql"];
const GENERATED: &[&str] = &["ui/src/bindings/"];
const LINE_LIMIT: usize = 800;
const SHELL_LINE_LIMIT: usize = 1500;

pub(super) fn too_long(files: &[SourceFile]) -> Vec<String> {
    let hand_written =
        files.iter().filter(|file| file.has_extension(HAND_WRITTEN) && !file.lies_in(GENERATED));
    let long = hand_written.filter(|file| file.lines() > LINE_LIMIT);
    long.map(|file| format!("{}: {} lines", file.path, file.lines())).collect()
}

pub(super) fn shell_too_thick(files: &[SourceFile]) -> Vec<String> {
    let shell = files
        .iter()
        .filter(|file| file.lies_in(&["src-tauri/src/"]) && file.has_extension(&["rs"]));
    let lines: usize = shell.map(SourceFile::lines).sum();
    if lines >= SHELL_LINE_LIMIT {
        vec![format!("src-tauri/src: {lines} lines")]
    } else {
        Vec::new()
    }
}

pub(super) fn toolkit_imports(files: &[SourceFile]) -> Vec<String> {
    let scripts = files.iter().filter(|file| file.has_extension(&["ts", "tsx", "js", "mjs"]));
    let outside = scripts.filter(|file| !file.lies_in(&["ui/src/platform/"]));
    lines_with(outside, |line| {
        let quoted = ["'@tauri-apps/", "\"@tauri-apps/", "`@tauri-apps/"]
            .iter()
            .any(|start| line.contains(start));
        let imports = ["import", "from", "require"].iter().any(|word| line.contains(word));
        quoted && imports
    })
}

const SQL_PLACES: &[&str] =
    &["crates/store/", "crates/server/src/storage/", "crates/server/src/storage.rs"];
const SQL_EXCEPTIONS: &[&str] = &["crates/xtask/", "tests/"];

pub(super) fn stray_sql(files: &[SourceFile]) -> Vec<String> {
    let outside = |file: &&SourceFile| !file.lies_in(SQL_PLACES) && !file.lies_in(SQL_EXCEPTIONS);
    let test_modules: Vec<String> = files.iter().flat_map(test_modules).collect();
    let mut found = Vec::new();
    for file in files.iter().filter(outside) {
        if file.has_extension(&["sql"]) {
            found.push(file.path.clone());
        }
        if file.has_extension(&["rs"]) && !is_test_file(&file.path, &test_modules) {
            let literals = string_literals(without_tests(&file.text));
            let sql = literals.iter().filter(|literal| is_sql(&literal.text));
            found.extend(sql.map(|literal| format!("{}:{}", file.path, literal.line)));
        }
    }
    found
}

/// A crate's own test files, which may look into a database to see what is there.
fn is_test_file(path: &str, test_modules: &[String]) -> bool {
    path.contains("/tests/")
        || test_modules.iter().any(|module| {
            path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
}

/// The paths, without `.rs`, of the modules that a file declares behind `#[cfg(test)]`.
fn test_modules(file: &SourceFile) -> Vec<String> {
    let Some(stem) = file.path.strip_suffix(".rs") else { return Vec::new() };
    let folder = match stem.rsplit_once('/') {
        Some((folder, "lib" | "main")) => folder,
        _ => stem,
    };
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let behind_test = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").map(|pair| pair[1]);
    let declared = behind_test.filter_map(|line| line.strip_suffix(';')?.split_once("mod "));
    declared.map(|(_, name)| format!("{folder}/{name}")).collect()
}

/// The source up to its test module.
fn without_tests(source: &str) -> &str {
    match source.find("\n#[cfg(test)]\nmod ").filter(|at| !declares_a_file(&source[*at..])) {
        Some(at) => &source[..at],
        None => source,
    }
}

/// `#[cfg(test)] mod name;` leaves the rest of the file what it was.
fn declares_a_file(from: &str) -> bool {
    from.trim_start().lines().nth(1).is_some_and(|line| line.trim_end().ends_with(';'))
}

/// Whether the text holds a statement. Keywords are written in capitals, which keeps sentences out.
fn is_sql(text: &str) -> bool {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ") + " ";
    let begins = |words: &str| {
        spaced
            .match_indices(words)
            .any(|(at, _)| !spaced[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let updates = begins("UPDATE ") && begins("SET ");
    updates || ["SELECT ", "INSERT INTO ", "DELETE FROM "].iter().any(|words| begins(words))
}

pub(super) fn mod_files(files: &[SourceFile]) -> Vec<String> {
    let named_mod = files.iter().filter(|file| file.path.ends_with("/mod.rs"));
    named_mod.map(|file| file.path.clone()).collect()
}

/// In pieces, or this file would be the first to break its own rule.
const REGISTRIES: &[&str] = &[
    concat!("registry.", "npmjs.org"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("://", "crates.io"),
    concat!("pypi", ".org"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
    concat!("archive.", "ubuntu.com"),
    concat!("art", "ifactory"),
];
const WRITTEN: &[&str] = &[
    "rs", "ts", "tsx", "css", "sql", "toml", "lock", "md", "json", "yml", "yaml", "html", "sh",
    "ftl", "npmrc",
];

/// `machine_paths` are the absolute paths that no file may name.
pub(super) fn foreign_places(files: &[SourceFile], machine_paths: &[String]) -> Vec<String> {
    let written =
        files.iter().filter(|file| file.has_extension(WRITTEN) || file.lies_in(&[".ci/"]));
    lines_with(written, |line| {
        REGISTRIES.iter().any(|host| line.contains(host))
            || machine_paths.iter().any(|path| names_path(line, path))
    })
}

/// Whether the line holds the path as a whole, and not as the middle of a longer path or of an address.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        before.is_none_or(|c| c.is_whitespace() || "\"'`=(:<[,".contains(c))
            && after.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-')
    })
}

fn lines_with<'a>(
    files: impl Iterator<Item = &'a SourceFile>,
    wrong: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            if wrong(line) {
                found.push(format!("{}:{}", file.path, index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_of_801_lines_is_refused_unless_a_program_wrote_it() {
        let (fits, long) = ("x\n".repeat(800), "x\n".repeat(801));
        for path in ["crates/a/src/b.rs", "ui/src/b.tsx", "ui/src/b.css", "crates/store/src/b.sql"]
        {
            assert_eq!(too_long(&[file(path, &fits)]).len(), 0, "{path}");
            assert_eq!(too_long(&[file(path, &long)]).len(), 1, "{path}");
        }
        for path in ["ui/src/bindings/protocol.ts", "Cargo.lock", "ui/package-lock.json"] {
            assert_eq!(too_long(&[file(path, &long)]).len(), 0, "{path}");
        }
    }

    #[test]
    fn the_shell_is_measured_as_a_whole() {
        let half = "x\n".repeat(750);
        assert_eq!(shell_too_thick(&[file("src-tauri/src/a.rs", &half)]).len(), 0);
        let both = [file("src-tauri/src/a.rs", &half), file("src-tauri/src/b/c.rs", &half)];
        assert_eq!(shell_too_thick(&both).len(), 1);
    }

    #[test]
    fn an_import_of_the_toolkit_is_found_in_every_form() {
        for line in [
            "import { invoke } from '@tauri-apps/api/core';",
            "const api = await import(\"@tauri-apps/api/core\");",
            "export * from '@tauri-apps/api/event';",
        ] {
            assert_eq!(
                toolkit_imports(&[file("ui/src/app/App.tsx", line)]),
                ["ui/src/app/App.tsx:1"],
                "{line}"
            );
            assert_eq!(
                toolkit_imports(&[file("ui/src/platform/tauri.ts", line)]).len(),
                0,
                "{line}"
            );
        }
        let comment =
            file("ui/src/app/App.tsx", "// The folder platform/ alone knows @tauri-apps/api.");
        assert_eq!(toolkit_imports(&[comment]).len(), 0);
    }

    #[test]
    fn sql_outside_of_storage_is_found() {
        for statement in [
            "\"SELECT 1\"",
            "\"SELECT id\\n FROM part\"",
            "r#\"INSERT INTO part (id) VALUES (?1)\"#",
            "\"UPDATE part\n   SET body = ?1\"",
            "\"WITH old AS (SELECT id FROM part) DELETE FROM part\"",
            "\"DELETE FROM part\"",
        ] {
            let source = format!("fn f() {{\n    run({statement});\n}}\n");
            let stray = stray_sql(&[file("crates/server/src/sync.rs", &source)]);
            assert_eq!(stray, ["crates/server/src/sync.rs:2"], "{statement}");
            for allowed in [
                "crates/store/src/part.rs",
                "crates/server/src/storage/part.rs",
                "tests/e2e/wire.rs",
            ] {
                assert_eq!(stray_sql(&[file(allowed, &source)]).len(), 0, "{allowed}: {statement}");
            }
        }
        assert_eq!(stray_sql(&[file("ui/src/schema.sql", "")]).len(), 1);
    }

    #[test]
    fn what_only_looks_like_sql_is_left_alone() {
        for source in [
            "// SELECT in a comment\n",
            "say(\"select a conversation, then update it and set a tag\");",
            "say(\"PRESELECT x\");",
            "say(\"UPDATE_BINDINGS=1 rewrites them\");",
            "#[derive(X)]\nstruct S;\n#[cfg(test)]\nmod tests {\n    const Q: &str = \"SELECT 1\";\n}\n",
        ] {
            assert_eq!(stray_sql(&[file("crates/client/src/a.rs", source)]).len(), 0, "{source}");
        }
    }

    #[test]
    fn a_declared_test_module_does_not_hide_what_follows() {
        let source = "struct S;\n#[cfg(test)]\nmod tests;\nconst Q: &str = \"SELECT 1\";\n";
        assert_eq!(stray_sql(&[file("crates/client/src/a.rs", source)]).len(), 1);
    }

    #[test]
    fn a_module_for_tests_alone_may_hold_sql() {
        let sql = "const Q: &str = \"SELECT 1\";\n";
        let crate_root =
            file("crates/server/src/lib.rs", "mod sync;\n#[cfg(test)]\nmod testing;\n");
        let sync = file("crates/server/src/sync.rs", "#[cfg(test)]\npub(crate) mod tests;\n");
        let tree = [
            crate_root,
            sync,
            file("crates/server/src/testing.rs", sql),
            file("crates/server/src/testing/rows.rs", sql),
            file("crates/server/src/sync/tests.rs", sql),
            file("crates/server/src/testing_ground.rs", sql),
            file("crates/server/src/tests.rs", sql),
        ];
        assert_eq!(
            stray_sql(&tree),
            ["crates/server/src/testing_ground.rs:1", "crates/server/src/tests.rs:1"]
        );
    }

    #[test]
    fn a_mod_file_is_refused() {
        assert_eq!(
            mod_files(&[file("crates/a/src/b/mod.rs", ""), file("crates/a/src/b.rs", "")]).len(),
            1
        );
    }

    #[test]
    fn places_that_are_not_the_products_are_found() {
        for host in REGISTRIES {
            assert_eq!(
                foreign_places(&[file("docs/a.md", &format!("see https://{host}/x"))], &[]).len(),
                1,
                "{host}"
            );
        }
        let machine = ["/x/home".to_owned(), "/x/build".to_owned()];
        for path in &machine {
            for line in [
                format!("cd {path}/main"),
                format!("\"{path}\""),
                path.clone(),
                format!("A={path}/y"),
            ] {
                assert_eq!(foreign_places(&[file(".ci/run", &line)], &machine).len(), 1, "{line}");
            }
            let inside = [
                format!("$TMP{path}/x"),
                format!("https://host{path}/x"),
                format!("{path}stead/x"),
            ];
            assert_eq!(
                foreign_places(&[file("docs/a.md", &inside.join("\n"))], &machine).len(),
                0,
                "{path}"
            );
        }
    }
}
