//! Points Tauri's build at this folder, since the package's root is the repository's.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Patterns of our own are not watched by Tauri itself.
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    println!("cargo:rerun-if-changed=src-tauri/isolation");
    // Type checks need the folder of the built UI, not its content.
    std::fs::create_dir_all("ui/dist")?;
    let manifest =
        tauri_build::AppManifest::new().permissions_path_pattern("./src-tauri/permissions/**/*");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(manifest);
    tauri_build::try_build(attributes)?;
    Ok(())
}
