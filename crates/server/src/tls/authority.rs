//! The server's own certificate authority, for installations without a public certificate.

use std::fmt;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType,
    date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use super::certificate::{self, TlsError, Validity};
use super::names::ServerNames;

pub(super) const DAY_US: i64 = 86_400 * 1_000_000;
const AUTHORITY_DAYS: i64 = 3_652;
/// Server certificates are short-lived, because they renew themselves. Systems refuse more than 397 days.
pub(super) const SERVER_CERTIFICATE_DAYS: i64 = 90;
/// Clients whose clock is slow by up to an hour accept a fresh certificate.
const BACKDATED_US: i64 = 3_600 * 1_000_000;

/// A self-made certificate authority (P-256). Its certificate is what clients are told to trust.
pub struct CertificateAuthority {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    private_key_pem: Zeroizing<String>,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CertificateAuthority")
    }
}

impl CertificateAuthority {
    /// Makes an authority that is valid for ten years from `now_us` (microseconds since the Unix epoch).
    pub fn generate(now_us: i64) -> Result<Self, TlsError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(TlsError::Generation)?;
        let mut params = CertificateParams::default();
        // The name carries part of the key's digest, so that two installations' authorities can be told apart.
        let id: String =
            params.key_identifier(&key)[..4].iter().map(|byte| format!("{byte:02X}")).collect();
        params.distinguished_name = common_name(&format!("Recado CA {id}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, now_us, AUTHORITY_DAYS);
        let certificate = params.self_signed(&key).map_err(TlsError::Generation)?;
        Self::from_pem(&certificate.pem(), &Zeroizing::new(key.serialize_pem()))
    }

    /// Reads an authority.
    pub fn from_pem(certificate_pem: &str, private_key_pem: &str) -> Result<Self, TlsError> {
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| TlsError::UnreadableCertificate)?;
        let key = KeyPair::from_pem(private_key_pem).map_err(|_| TlsError::UnreadableKey)?;
        let parsed = certificate::parse(&certificate)?;
        if !parsed.is_ca() {
            return Err(TlsError::NotAnAuthority);
        }
        if parsed.public_key().raw != key.subject_public_key_info().as_slice() {
            return Err(TlsError::KeyMismatch);
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|_| TlsError::UnreadableCertificate)?;
        Ok(Self {
            certificate_pem: certificate_pem.to_owned(),
            private_key_pem: Zeroizing::new(private_key_pem.to_owned()),
            issuer,
            certificate,
        })
    }

    /// The authority's certificate in DER, as the join link carries it.
    pub fn ca_der(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The authority's certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        self.certificate_pem.clone()
    }

    /// The authority's private key in PEM, for the sealed file only.
    pub fn private_key_pem(&self) -> Zeroizing<String> {
        self.private_key_pem.clone()
    }

    /// Whether the certificate comes from this authority and is for exactly these names.
    pub(super) fn has_issued(&self, der: &CertificateDer<'_>, names: &ServerNames) -> bool {
        let (Ok(own), Ok(authority)) =
            (certificate::parse(der), certificate::parse(&self.certificate))
        else {
            return false;
        };
        own.verify_signature(Some(authority.public_key())).is_ok()
            && certificate::names_of(&own).as_ref() == Some(names)
    }

    /// Makes a key and a certificate for a server, in one PEM text: certificate, then key.
    pub(super) fn issue(
        &self,
        names: &ServerNames,
        now_us: i64,
    ) -> Result<Zeroizing<String>, TlsError> {
        let authority = Validity::of(&self.certificate)?;
        if !authority.contains(now_us) {
            return Err(TlsError::NotValidNow);
        }
        let mut params = CertificateParams::default();
        let dns = names
            .dns()
            .map(|name| name.try_into().map(SanType::DnsName).map_err(TlsError::Generation));
        let addresses = names.addresses().map(|address| Ok(SanType::IpAddress(address)));
        params.subject_alt_names = dns.chain(addresses).collect::<Result<_, _>>()?;
        params.distinguished_name = common_name("Recado server");
        // Said explicitly, because only then the subject's key identifier is written.
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let authority_days_left = (authority.not_after_us - now_us) / DAY_US;
        let days = SERVER_CERTIFICATE_DAYS.min(authority_days_left);
        set_validity(&mut params, now_us, days);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(TlsError::Generation)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(TlsError::Generation)?;
        let key = Zeroizing::new(key.serialize_pem());
        Ok(Zeroizing::new(certificate.pem() + key.as_str()))
    }
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn set_validity(params: &mut CertificateParams, now_us: i64, days: i64) {
    let epoch = date_time_ymd(1970, 1, 1);
    let at = |time_us: i64| {
        epoch + Duration::from_secs(u64::try_from(time_us / 1_000_000).unwrap_or_default())
    };
    params.not_before = at(now_us.saturating_sub(BACKDATED_US));
    params.not_after = at(now_us.saturating_add(days.saturating_mul(DAY_US)));
}

#[cfg(test)]
mod tests;
