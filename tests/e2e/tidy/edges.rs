//! Which package may depend on which.

use serde_json::Value;

/// A package of the workspace and what its manifest names.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
}

pub(super) struct Dependency {
    pub(super) name: String,
    /// Needed by its tests only.
    pub(super) dev: bool,
}

/// What each package may know of the others. Dev-dependencies count too: a test that needs both sides of the wire
/// belongs to `testkit` or `tests`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("recado-protocol", &[]),
    ("recado-store", &["recado-protocol"]),
    ("recado-client", &["recado-protocol", "recado-store"]),
    ("recado-server", &["recado-protocol"]),
    ("recado-desktop", &["recado-protocol", "recado-client"]),
    ("recado-testkit", &["recado-protocol", "recado-store", "recado-client", "recado-server"]),
    (
        "recado-tests",
        &[
            "recado-protocol",
            "recado-store",
            "recado-client",
            "recado-server",
            "recado-testkit",
            "xtask",
        ],
    ),
    ("xtask", &[]),
];

/// The only packages that may call a server over HTTP, tests aside. Recado's server calls identity providers.
const HTTP_CALLERS: &[&str] = &["recado-client", "recado-server", "recado-testkit", "recado-tests"];

/// The packages of `cargo metadata --no-deps`.
pub(super) fn packages(metadata: &[u8]) -> Vec<Package> {
    let metadata: Value = serde_json::from_slice(metadata).expect("cargo writes JSON");
    let list = metadata["packages"].as_array().expect("cargo lists packages");
    let dependency = |entry: &Value| Dependency {
        name: entry["name"].as_str().expect("a dependency has a name").to_owned(),
        dev: entry["kind"] == "dev",
    };
    list.iter()
        .map(|package| Package {
            name: package["name"].as_str().expect("a package has a name").to_owned(),
            dependencies: package["dependencies"]
                .as_array()
                .into_iter()
                .flatten()
                .map(dependency)
                .collect(),
        })
        .collect()
}

pub(super) fn violations(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            found.push(format!(
                "{} is a new crate: say in this test what it may know, and why in an ADR",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let own = packages.iter().any(|other| other.name == dependency.name);
            let reason = if own && !allowed.contains(&dependency.name.as_str()) {
                "is above it or beside it"
            } else if is_toolkit(&dependency.name) && package.name != "recado-desktop" {
                "is the desktop toolkit"
            } else if dependency.name == "reqwest"
                && !dependency.dev
                && !HTTP_CALLERS.contains(&package.name.as_str())
            {
                "calls servers, which only recado-client and recado-server do"
            } else {
                continue;
            };
            found.push(format!("{} → {}: it {reason}", package.name, dependency.name));
        }
    }
    found
}

fn is_toolkit(name: &str) -> bool {
    ["tauri", "wry", "tao"]
        .iter()
        .any(|part| name == *part || name.starts_with(&format!("{part}-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(edges: &[(&str, &str, bool)]) -> Vec<Package> {
        ALLOWED
            .iter()
            .map(|(name, _)| Package {
                name: (*name).to_owned(),
                dependencies: edges
                    .iter()
                    .filter(|(from, _, _)| from == name)
                    .map(|(_, to, dev)| Dependency { name: (*to).to_owned(), dev: *dev })
                    .collect(),
            })
            .collect()
    }

    #[test]
    fn downward_edges_are_allowed() {
        let edges = [
            ("recado-client", "recado-store", false),
            ("recado-client", "reqwest", false),
            ("recado-server", "recado-protocol", false),
            ("recado-server", "reqwest", false),
            ("recado-desktop", "tauri", false),
            ("recado-desktop", "tauri-build", false),
            ("recado-tests", "recado-server", true),
        ];
        assert_eq!(violations(&workspace(&edges)), Vec::<String>::new());
    }

    #[test]
    fn every_forbidden_edge_is_refused() {
        for edge in [
            ("recado-client", "recado-server", false),
            ("recado-client", "recado-server", true),
            ("recado-client", "recado-testkit", true),
            ("recado-server", "recado-client", false),
            ("recado-server", "recado-store", true),
            ("recado-protocol", "recado-store", false),
            ("recado-desktop", "recado-server", false),
            ("recado-client", "tauri", false),
            ("recado-testkit", "tauri-plugin-window-state", false),
            ("recado-store", "reqwest", false),
            ("recado-desktop", "reqwest", false),
        ] {
            assert_eq!(violations(&workspace(&[edge])).len(), 1, "{edge:?}");
        }
    }

    #[test]
    fn a_crate_that_the_rules_do_not_know_is_refused() {
        let mut packages = workspace(&[]);
        packages.push(Package { name: "recado-common".to_owned(), dependencies: Vec::new() });
        assert_eq!(violations(&packages).len(), 1);
    }

    #[test]
    fn cargo_metadata_is_read() {
        let metadata = br#"{"packages":[{"name":"recado-client","dependencies":[
            {"name":"serde","kind":null},{"name":"recado-server","kind":"dev"}]}]}"#;
        let packages = packages(metadata);
        let dependencies: Vec<(&str, bool)> = packages[0]
            .dependencies
            .iter()
            .map(|dependency| (dependency.name.as_str(), dependency.dev))
            .collect();
        assert_eq!(dependencies, [("serde", false), ("recado-server", true)]);
    }
}
