//! Which starts of the program are the same instance: those on one data folder, however it was
//! written.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// The folder under its one true name: absolute and without symbolic links. What does not exist yet
/// is kept as it was written.
pub(crate) fn canonical(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    for existing in absolute.ancestors() {
        if let Ok(known) = existing.canonicalize() {
            let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
            return if rest.as_os_str().is_empty() { known } else { known.join(rest) };
        }
    }
    absolute
}

/// One name for each data folder, in a form that the bus accepts.
pub(crate) fn name(canonical_folder: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    canonical_folder.hash(&mut hasher);
    format!("app.recado.desktop.d{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_folder_is_the_same_instance() {
        // No folder but the one that tests run in is sure to be there.
        let here = std::env::current_dir().expect("a folder");
        let of = |path: &str| name(&canonical(Path::new(path)));
        let absolute = here.to_str().expect("a name in UTF-8");
        let own = of(absolute);
        for spelling in
            [".", "./", "src-tauri/..", &format!("{absolute}/"), &format!("{absolute}/./")]
        {
            assert_eq!(of(spelling), own, "{spelling}");
        }
        assert_ne!(of("src-tauri"), own);
        let missing = of("no-such-folder/profile");
        assert_eq!(of("./no-such-folder/profile/"), missing);
        assert_eq!(of(&format!("{absolute}/no-such-folder/profile")), missing);
    }
}
