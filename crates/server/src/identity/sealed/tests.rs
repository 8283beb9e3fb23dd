use std::sync::Barrier;

use super::*;

const NOW_US: i64 = 1_780_000_000_000_000;

fn own_file(directory: &tempfile::TempDir) -> SecretsSource {
    SecretsSource::OwnFile(directory.path().join(FILE_NAME))
}

fn load(source: &SecretsSource) -> Result<ServerSecrets, SecretsError> {
    ServerSecrets::load_or_create(source, NOW_US)
}

#[test]
fn the_first_start_makes_the_file_and_the_next_one_reads_it() {
    let directory = tempfile::tempdir().expect("directory");
    let made = load(&own_file(&directory)).expect("made");
    let written = std::fs::read(directory.path().join(FILE_NAME)).expect("written");
    let read = load(&own_file(&directory)).expect("read");
    assert_eq!(read.to_json(), made.to_json());
    let unchanged = std::fs::read(directory.path().join(FILE_NAME)).expect("still there");
    assert_eq!(unchanged, written);
    assert_eq!(
        read.certificate_authority.expect("authority").ca_der(),
        made.certificate_authority.expect("authority").ca_der()
    );
}

#[test]
fn processes_that_start_together_end_with_the_same_secrets() {
    let directory = tempfile::tempdir().expect("directory");
    let barrier = Barrier::new(4);
    let loaded: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    load(&own_file(&directory)).expect("loaded").to_json()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(loaded.windows(2).all(|pair| pair[0] == pair[1]));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_refused_and_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().expect("directory");
    load(&own_file(&directory)).expect("made");
    let path = directory.path().join(FILE_NAME);
    let contents = std::fs::read(&path).expect("readable");
    let made = std::fs::metadata(&path).expect("metadata").permissions();
    assert_eq!(made.mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o660, 0o644] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
        let refused = load(&own_file(&directory)).expect_err("must be refused");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
    assert_eq!(std::fs::read(&path).expect("readable"), contents);
}

#[test]
fn a_damaged_file_is_an_error_and_never_replaced() {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join(FILE_NAME);
    for damaged in ["", "{", "{}", r#"{"format":1}"#] {
        write_private_file(&path, damaged.as_bytes(), Existing::Replace).expect("written");
        let refused = load(&own_file(&directory)).expect_err("must be refused");
        assert!(matches!(refused, SecretsError::Malformed { .. }), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), damaged);
    }
}

#[test]
fn a_provided_file_must_exist() {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join("provided.json");
    let missing = load(&SecretsSource::ProvidedFile(path.clone()));
    assert!(matches!(missing, Err(SecretsError::File { .. })));
    assert!(!path.exists());
}

#[test]
fn the_environment_goes_before_the_data_directory() {
    let directory = Path::new("/data");
    let choose = |secrets: Option<&str>, file: Option<&str>| {
        SecretsSource::choose(secrets.map(Into::into), file.map(Into::into), directory)
    };
    assert!(
        matches!(choose(None, None), Ok(SecretsSource::OwnFile(path)) if path == Path::new("/data/secrets.json"))
    );
    assert!(matches!(choose(Some(""), Some("")), Ok(SecretsSource::OwnFile(_))));
    assert!(matches!(choose(Some("{}"), None), Ok(SecretsSource::Inline(_))));
    assert!(matches!(choose(None, Some("/a")), Ok(SecretsSource::ProvidedFile(_))));
    assert!(matches!(choose(Some("{}"), Some("/a")), Err(SecretsError::Ambiguous)));
}

#[test]
fn inline_secrets_need_no_certificate_authority() {
    let mut secrets = ServerSecrets::generate(NOW_US).expect("secrets");
    secrets.certificate_authority = None;
    let read = load(&SecretsSource::Inline(secrets.to_json())).expect("read");
    assert!(read.certificate_authority.is_none());
    assert_eq!(read.to_json(), secrets.to_json());
}

#[test]
fn a_key_put_in_front_becomes_the_current_one() {
    let secrets = ServerSecrets::generate(NOW_US).expect("secrets");
    let former = secrets.peppers.current().clone();
    let newer = SymmetricKey::generate(48).expect("key");
    let peppers = KeyRing::new([newer.clone(), former.clone()]).expect("ring");
    let rotated = ServerSecrets { peppers, ..secrets };
    let read = ServerSecrets::from_json(&rotated.to_json()).expect("read");
    assert_eq!(read.peppers.current().id(), newer.id());
    let found = read.peppers.get(former.id().as_str()).expect("found");
    assert_eq!(found.bytes(), former.bytes());
}

#[test]
fn a_newer_format_and_wrong_keys_are_refused() {
    let json = ServerSecrets::generate(NOW_US).expect("secrets").to_json();
    let newer = json.replace("\"format\": 1", "\"format\": 2");
    assert!(matches!(ServerSecrets::from_json(&newer), Err(SecretsError::UnknownFormat(2))));
    let short =
        r#"{"format":1,"peppers":[{"id":"abcd","key":"AAAA"}],"totp_keys":[],"signing_keys":[]}"#;
    let refused = ServerSecrets::from_json(short).expect_err("must be refused");
    assert!(matches!(refused, SecretsError::Key { list: "peppers", .. }));
}

#[test]
fn secrets_never_show_in_debug_output_or_errors() {
    let secrets = ServerSecrets::generate(NOW_US).expect("secrets");
    let json = secrets.to_json();
    let shown = format!("{secrets:?} {:?}", SecretsSource::Inline(json.clone()));
    for ring in [&secrets.peppers, &secrets.totp_keys, &secrets.signing_keys] {
        let key = ring.current().to_base64();
        assert!(json.contains(key.as_str()));
        assert!(!shown.contains(key.as_str()));
        let misplaced = json.replace(key.as_str(), &format!("{}\",\"x\":\"", key.as_str()));
        let error = ServerSecrets::from_json(&misplaced).expect_err("must be refused");
        assert!(!format!("{error} {error:?}").contains(key.as_str()));
    }
    assert!(!shown.contains("PRIVATE KEY"));
}
