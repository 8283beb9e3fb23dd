//! Failures as the UI gets them.

use recado_protocol::ErrorCode;
use recado_protocol::host::HostError;

use crate::engine::StoreFailure;
use crate::keychain::{KeychainError, VaultError};
use crate::keys::KeysError;
use crate::links::LinkRefused;
use crate::profile::ProfileError;
use crate::random::NoRandomness;
use crate::transport::TransportError;

pub(crate) fn failure(code: ErrorCode, message: impl Into<String>) -> HostError {
    HostError { code, message: message.into(), retry_after_s: None }
}

impl From<TransportError> for HostError {
    fn from(error: TransportError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            retry_after_s: error.retry_after_s(),
        }
    }
}

impl From<StoreFailure> for HostError {
    fn from(error: StoreFailure) -> Self {
        failure(error.code, error.detail)
    }
}

impl From<KeychainError> for HostError {
    fn from(error: KeychainError) -> Self {
        failure(error.code(), error.to_string())
    }
}

impl From<VaultError> for HostError {
    fn from(error: VaultError) -> Self {
        failure(error.code(), error.to_string())
    }
}

impl From<KeysError> for HostError {
    fn from(error: KeysError) -> Self {
        failure(error.code(), error.to_string())
    }
}

impl From<ProfileError> for HostError {
    fn from(error: ProfileError) -> Self {
        failure(error.code(), error.to_string())
    }
}

impl From<NoRandomness> for HostError {
    fn from(error: NoRandomness) -> Self {
        failure(ErrorCode::ClientFailed, error.to_string())
    }
}

impl From<LinkRefused> for HostError {
    fn from(error: LinkRefused) -> Self {
        failure(ErrorCode::LinkRefused, error.to_string())
    }
}
