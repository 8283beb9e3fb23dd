use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::X509Certificate;

use super::*;

const NOW_US: i64 = 1_780_000_000_000_000;

fn issued(authority: &CertificateAuthority) -> CertificateDer<'static> {
    let names = ServerNames::new(["inbox.example", "192.0.2.7"]).expect("names");
    let pem = authority.issue(&names, NOW_US).expect("issued");
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("certificate")
}

fn subject_key_identifier(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn authority_key_identifier(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            id.key_identifier.as_ref().map(|id| id.0.to_vec())
        }
        _ => None,
    })
}

#[test]
fn the_authority_may_sign_certificates_and_nothing_else() {
    let authority = CertificateAuthority::generate(NOW_US).expect("authority");
    let parsed = certificate::parse(authority.ca_der()).expect("readable");
    let constraints = parsed.basic_constraints().expect("valid").expect("present");
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = parsed.key_usage().expect("valid").expect("present");
    assert!(usage.critical && usage.value.key_cert_sign() && usage.value.crl_sign());
    assert!(!usage.value.digital_signature());
    assert!(subject_key_identifier(&parsed).is_some());
    let validity = Validity::of(authority.ca_der()).expect("readable");
    assert_eq!((validity.not_after_us - NOW_US) / DAY_US, AUTHORITY_DAYS);
}

#[test]
fn a_server_certificate_names_its_server_and_its_authority() {
    let authority = CertificateAuthority::generate(NOW_US).expect("authority");
    let (own, ca) = (issued(&authority), authority.ca_der());
    let (own, ca) =
        (certificate::parse(&own).expect("readable"), certificate::parse(ca).expect("readable"));
    assert!(!own.is_ca());
    assert_eq!(own.issuer(), ca.subject());
    assert_eq!(authority_key_identifier(&own), subject_key_identifier(&ca));
    assert!(subject_key_identifier(&own).is_some());
    let usage = own.key_usage().expect("valid").expect("present");
    assert!(usage.value.digital_signature() && !usage.value.key_cert_sign());
    let purpose = own.extended_key_usage().expect("valid").expect("present");
    assert!(purpose.value.server_auth && !purpose.value.client_auth);
    let names = ServerNames::new(["inbox.example", "192.0.2.7"]).expect("names");
    assert_eq!(certificate::names_of(&own), Some(names));
    own.verify_signature(Some(ca.public_key())).expect("signed by the authority");
}

#[test]
fn a_server_certificate_lives_no_longer_than_systems_accept_and_its_authority_lives() {
    let authority = CertificateAuthority::generate(NOW_US).expect("authority");
    let validity = Validity::of(&issued(&authority)).expect("readable");
    assert!(validity.not_after_us - validity.not_before_us <= 397 * DAY_US);
    assert!(validity.contains(NOW_US) && validity.contains(NOW_US - BACKDATED_US));

    let names = ServerNames::loopback();
    let end_us = Validity::of(authority.ca_der()).expect("readable").not_after_us;
    let late = authority.issue(&names, end_us - 10 * DAY_US).expect("issued");
    let late = CertificateDer::from_pem_slice(late.as_bytes()).expect("certificate");
    assert!(Validity::of(&late).expect("readable").not_after_us <= end_us);
    let expired = authority.issue(&names, end_us + DAY_US);
    assert!(matches!(expired, Err(TlsError::NotValidNow)));
}

#[test]
fn an_authority_survives_its_text_form() {
    let made = CertificateAuthority::generate(NOW_US).expect("authority");
    let read = CertificateAuthority::from_pem(&made.certificate_pem(), &made.private_key_pem())
        .expect("readable");
    assert_eq!(read.ca_der(), made.ca_der());
    let names = ServerNames::new(["inbox.example", "192.0.2.7"]).expect("names");
    assert!(made.has_issued(&issued(&read), &names));
    assert!(!made.has_issued(&issued(&read), &ServerNames::loopback()));
    let other = CertificateAuthority::generate(NOW_US).expect("authority");
    assert!(!other.has_issued(&issued(&read), &names));
}

#[test]
fn a_key_of_another_authority_and_a_certificate_of_a_server_are_refused() {
    let made = CertificateAuthority::generate(NOW_US).expect("authority");
    let other = CertificateAuthority::generate(NOW_US).expect("authority");
    let mixed = CertificateAuthority::from_pem(&made.certificate_pem(), &other.private_key_pem());
    assert!(matches!(mixed, Err(TlsError::KeyMismatch)));
    let server = made.issue(&ServerNames::loopback(), NOW_US).expect("issued");
    let key = server.find("-----BEGIN PRIVATE KEY").expect("key");
    let (certificate, key) = server.split_at(key);
    let refused = CertificateAuthority::from_pem(certificate, key);
    assert!(matches!(refused, Err(TlsError::NotAnAuthority)));
    let garbled = CertificateAuthority::from_pem("", &made.private_key_pem());
    assert!(matches!(garbled, Err(TlsError::UnreadableCertificate)));
}
