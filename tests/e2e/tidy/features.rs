//! What only tests switch on.

use serde_json::Value;

/// Features that let a test reach into a program; none may be in a shipped one.
const FOR_TESTS: [&str; 4] = ["fail-points", "plain", "planted-bugs", "simulation"];

/// The packages that are never shipped.
const NOT_SHIPPED: [&str; 3] = ["recado-testkit", "recado-tests", "xtask"];

/// Where the packages of `cargo metadata --no-deps` that are shipped ask for such a feature.
pub(super) fn violations(metadata: &[u8]) -> Vec<String> {
    let metadata: Value = serde_json::from_slice(metadata).expect("cargo writes JSON");
    let list = metadata["packages"].as_array().expect("cargo lists packages");
    let mut found = Vec::new();
    for package in list {
        let name = package["name"].as_str().expect("a package has a name");
        if NOT_SHIPPED.contains(&name) {
            continue;
        }
        let by_default = asked(&package["features"]["default"]).map(|what| (name, what));
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        let by_dependency = dependencies.filter(|entry| entry["kind"] != "dev").flat_map(|entry| {
            let on = entry["name"].as_str().unwrap_or_default();
            asked(&entry["features"]).map(move |what| (on, what))
        });
        for (of, feature) in by_default.chain(by_dependency) {
            found.push(format!("{name} switches on {feature} of {of}"));
        }
    }
    found
}

fn asked(features: &Value) -> impl Iterator<Item = &str> {
    let names = features.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| name.rsplit('/').next().is_some_and(|name| FOR_TESTS.contains(&name)))
}

#[cfg(test)]
mod tests {
    use super::violations;

    #[test]
    fn a_shipped_package_switches_on_nothing_that_is_for_tests() {
        let metadata = br#"{"packages":[
            {"name":"recado-server","features":{"default":["simulation"]},"dependencies":[
                {"name":"recado-protocol","kind":null,"features":["planted-bugs"]},
                {"name":"recado-protocol","kind":"dev","features":["planted-bugs"]}]},
            {"name":"recado-store","features":{"default":["recado-protocol/planted-bugs"],"plain":[]},
                "dependencies":[]},
            {"name":"recado-client","features":{},"dependencies":[
                {"name":"tokio","kind":null,"features":["full"]}]},
            {"name":"recado-testkit","features":{},"dependencies":[
                {"name":"recado-protocol","kind":null,"features":["planted-bugs"]}]}]}"#;
        assert_eq!(
            violations(metadata),
            [
                "recado-server switches on simulation of recado-server",
                "recado-server switches on planted-bugs of recado-protocol",
                "recado-store switches on recado-protocol/planted-bugs of recado-store",
            ]
        );
    }
}
