//! Building the app: the UI first, then the window that carries it.

use std::process::Command;

use crate::command::cargo;
use crate::npm::npm;
use crate::workspace::Workspace;

/// Builds the UI's files into `ui/dist`, which the window's build takes in.
pub(crate) fn build_ui(workspace: &Workspace) -> Command {
    let mut command = npm(&workspace.path("ui"));
    command.args(["run", "build"]);
    command
}

/// Builds the window and the server in one go, so that they share what both depend on.
///
/// Without `custom-protocol` the window would look for a development server instead of the UI inside it.
pub(crate) fn build_programs(workspace: &Workspace) -> Command {
    let mut command = cargo(workspace.root());
    command.args(["build", "--package", "recado-server", "--package", "recado-desktop"]);
    command.args(["--features", "tauri/custom-protocol"]);
    command
}

/// The load on a real server, which is left out of builds that do not ask for it.
pub(crate) const LOAD: &str = "recado-tests/load";

/// Builds what the headless tests are made of, and their programs: the same build for all who need a part of it, so that
/// nothing is compiled twice.
pub(crate) fn build_test_programs(workspace: &Workspace) -> Command {
    let mut command = cargo(workspace.root());
    command.args(["build", "--workspace", "--exclude", "recado-desktop", "--features", LOAD]);
    command.args(["--bins", "--tests"]);
    command
}

/// Runs the unit tests of the window's own code.
pub(crate) fn test_shell(workspace: &Workspace) -> Command {
    let mut command = cargo(workspace.root());
    command.args(["test", "--package", "recado-desktop", "--features", "tauri/custom-protocol"]);
    command
}
