//! The TypeScript that the UI compiles against is what these types say, and the gate of the bridge
//! knows exactly these commands. `UPDATE_BINDINGS=1 cargo test -p recado-protocol` rewrites both.

use std::collections::BTreeMap;
use std::path::Path;

use recado_protocol::host::{Commands, HostError, HostEvent};
use ts_rs::{Config, TS, TypeVisitor};

/// Collects a type's declaration and everything it refers to.
struct Declarations<'a> {
    config: &'a Config,
    by_name: BTreeMap<String, String>,
}

impl Declarations<'_> {
    fn add<T: TS + ?Sized + 'static>(&mut self) {
        if T::output_path().is_some() {
            let name = T::ident(self.config);
            if self.by_name.contains_key(&name) {
                return;
            }
            self.by_name.insert(name, format!("export {}", T::decl(self.config)));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.add::<T>();
    }
}

#[test]
fn the_checked_in_bindings_are_current() {
    let config = Config::new().with_large_int("number");
    let mut declarations = Declarations { config: &config, by_name: BTreeMap::new() };
    declarations.add::<Commands>();
    declarations.add::<HostEvent>();
    declarations.add::<HostError>();

    let mut text = String::from("// Generated from crates/protocol; do not edit.\n");
    for declaration in declarations.by_name.values() {
        text.push('\n');
        text.push_str(declaration);
        text.push('\n');
    }

    is_checked_in("ui/src/bindings/protocol.ts", &text);
}

#[test]
fn the_gate_of_the_bridge_knows_exactly_these_commands() {
    let names: String = Commands::NAMES.iter().map(|name| format!("  '{name}',\n")).collect();
    let text = format!(
        "// Generated from crates/protocol; do not edit.\n\
         window.RECADO_COMMANDS = Object.freeze([\n{names}]);\n"
    );
    is_checked_in("src-tauri/isolation/commands.js", &text);
}

/// Compares a generated file with the one in the repository, or writes it.
fn is_checked_in(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::create_dir_all(path.parent().expect("the file has a folder"))
            .expect("the folder can be made");
        std::fs::write(&path, text).expect("the file can be written");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == text,
        "{file} is stale: run UPDATE_BINDINGS=1 cargo test -p recado-protocol"
    );
}

#[test]
fn the_list_of_names_is_the_list_of_commands() {
    let config = Config::new().with_large_int("number");
    let declared = Commands::inline(&config);
    for name in Commands::NAMES {
        assert!(declared.contains(&format!("{name}: [")), "{name} is not a command");
    }
    let fields = declared.matches(": [").count();
    assert_eq!(fields, Commands::NAMES.len(), "a command is missing from Commands::NAMES");
}
