//! Where things lie in the repository and where build results go.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The repository this program was built from.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds the repository's root, which is two directories above this crate.
    pub(crate) fn find() -> Result<Self> {
        // Cargo says where the crate lies at run time; a binary started by hand falls back to where it was built.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .ancestors()
            .nth(2)
            .context("the xtask crate does not lie in a workspace")?
            .to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(directory) => root.join(directory),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A program that a debug build has made.
    pub(crate) fn debug_program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// The folder for the full output of each step of `cargo xtask test`.
    pub(crate) fn logs(&self) -> PathBuf {
        self.target.join("xtask/logs")
    }

    /// The folder for the tester of `cargo xtask tls-grade` and its report.
    pub(crate) fn tls_grade(&self) -> PathBuf {
        self.target.join("xtask/tls-grade")
    }

    /// The folder for the pictures of `cargo xtask run`.
    pub(crate) fn walk_pictures(&self) -> PathBuf {
        self.target.join("xtask/walk")
    }
}
