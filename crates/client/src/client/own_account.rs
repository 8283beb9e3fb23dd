//! One's own account, as the server keeps it. Nothing of it is cached: without a connection it cannot
//! be seen or changed.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use qrcodegen::{QrCode, QrCodeEcc};
use recado_protocol::ErrorCode;
use recado_protocol::account::{
    AccountSecurity, AuthenticatorSetup, ChangePasswordRequest, ConfirmAuthenticatorRequest,
    EndSessionsRequest, PasswordCheck, PasswordCheckRequest, RECOVERY_CODES, RecoveryCodes,
    SeenSessionsRequest, SessionList, StepUpRequest,
};
use recado_protocol::checkup::SecurityCheckup;
use recado_protocol::host::{
    AuthenticatorPicture, CodeRequest, Empty, HostError, Phase, SavedFile, SessionsEndRequest,
    SessionsRequest,
};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::shared::Shared;
use crate::error::failure;
use crate::profile::{ProfileError, write_atomically};
use crate::transport::Request;

/// Longer than any recovery code.
const MAX_CODE_BYTES: usize = 100;

impl Shared {
    pub(super) async fn ask_server<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<T, HostError> {
        let account = self.ready_account()?;
        Ok(account.session.send(request).await?.read()?)
    }

    pub(super) async fn account_security(
        self: &Arc<Self>,
        _: Empty,
    ) -> Result<AccountSecurity, HostError> {
        self.ask_server(Request::get("/v1/account/security")).await
    }

    pub(super) async fn step_up(
        self: &Arc<Self>,
        request: CodeRequest,
    ) -> Result<AccountSecurity, HostError> {
        let body = StepUpRequest { code: digits(&request.code)? };
        self.ask_server(Request::post("/v1/session/step-up", &body)?).await
    }

    pub(super) async fn password_check(
        self: &Arc<Self>,
        request: PasswordCheckRequest,
    ) -> Result<PasswordCheck, HostError> {
        if let Some(judged) = self.enrolment_password_check(&request.password).await {
            return judged;
        }
        self.ask_server(Request::post("/v1/account/password/check", &request)?).await
    }

    pub(super) async fn password_change(
        self: &Arc<Self>,
        request: ChangePasswordRequest,
    ) -> Result<AccountSecurity, HostError> {
        self.ask_server(Request::post("/v1/account/password", &request)?).await
    }

    pub(super) async fn recovery_codes_make(
        self: &Arc<Self>,
        _: Empty,
    ) -> Result<RecoveryCodes, HostError> {
        if let Some(made) = self.enrolment_codes().await {
            return made;
        }
        self.ask_server(Request::post("/v1/account/recovery-codes", &Empty {})?).await
    }

    pub(super) async fn recovery_codes_save(
        self: &Arc<Self>,
        request: RecoveryCodes,
    ) -> Result<SavedFile, HostError> {
        if self.facts().phase != Phase::Enrol {
            self.ready_account()?;
        }
        let is_code = |code: &String| {
            code.len() <= MAX_CODE_BYTES
                && code.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
        };
        let codes = request.codes;
        if codes.len() > RECOVERY_CODES as usize || !codes.iter().all(is_code) {
            return Err(failure(ErrorCode::InvalidValue, "these are no recovery codes"));
        }
        let state = self.state();
        let mut text = Zeroizing::new(String::from("Recado\n"));
        if let (Some(workspace), Some(account)) = (state.workspace, state.account) {
            // A line that cannot be written is no reason to lose the codes.
            let _ = writeln!(text, "{} ({}), {}", workspace.name, workspace.host, account.email);
        }
        text.push('\n');
        for code in &codes {
            let _ = writeln!(text, "{code}");
        }
        let dir = self.options.downloads_dir.clone();
        let written = tokio::task::spawn_blocking(move || save_beside(&dir, text.as_bytes())).await;
        written.unwrap_or_else(|_| Err(failure(ErrorCode::ClientFailed, "not saved")))
    }

    pub(super) async fn authenticator_setup(
        self: &Arc<Self>,
        _: Empty,
    ) -> Result<AuthenticatorPicture, HostError> {
        let setup = match self.enrolment_setup().await {
            Some(setup) => setup?,
            None => {
                let request = Request::post("/v1/account/authenticator", &Empty {})?;
                self.ask_server::<AuthenticatorSetup>(request).await?
            }
        };
        let rows = picture(&Zeroizing::new(setup.otpauth_url))?;
        Ok(AuthenticatorPicture { secret: setup.secret, rows, expires_in_s: setup.expires_in_s })
    }

    pub(super) async fn authenticator_confirm(
        self: &Arc<Self>,
        request: CodeRequest,
    ) -> Result<AccountSecurity, HostError> {
        let body = ConfirmAuthenticatorRequest { code: digits(&request.code)? };
        self.ask_server(Request::post("/v1/account/authenticator/confirm", &body)?).await
    }

    pub(super) async fn sessions(
        self: &Arc<Self>,
        request: SessionsRequest,
    ) -> Result<SessionList, HostError> {
        self.ask_server(Request::get(match request.teammate_id {
            Some(whose) => format!("/v1/teammates/{whose}/sessions"),
            None => "/v1/sessions".to_owned(),
        }))
        .await
    }

    pub(super) async fn sessions_end(
        self: &Arc<Self>,
        request: SessionsEndRequest,
    ) -> Result<SessionList, HostError> {
        let SessionsEndRequest { teammate_id, session_ids, wipe } = request;
        let path = match teammate_id {
            Some(whose) => format!("/v1/teammates/{whose}/sessions/end"),
            None => "/v1/sessions/end".to_owned(),
        };
        let body = EndSessionsRequest { session_ids, wipe };
        self.ask_server(Request::post(path, &body)?).await
    }

    pub(super) async fn sessions_seen(
        self: &Arc<Self>,
        request: SeenSessionsRequest,
    ) -> Result<SessionList, HostError> {
        self.ask_server(Request::post("/v1/sessions/seen", &request)?).await
    }

    pub(super) async fn security_checkup(
        self: &Arc<Self>,
        _: Empty,
    ) -> Result<SecurityCheckup, HostError> {
        self.ask_server(Request::get("/v1/security/checkup")).await
    }
}

/// Six digits without what stands between them.
pub(super) fn digits(typed: &str) -> Result<String, HostError> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(failure(ErrorCode::InvalidCode, "a code has six digits"));
    }
    Ok(code)
}

/// A QR code of a text.
fn picture(text: &str) -> Result<Vec<String>, HostError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|_| failure(ErrorCode::ClientFailed, "the secret does not fit a picture"))?;
    let side = code.size();
    let row = |y| (0..side).map(|x| if code.get_module(x, y) { '1' } else { '0' }).collect();
    Ok((0..side).map(row).collect())
}

/// Writes a file of its own, never over another one.
fn save_beside(dir: &Path, bytes: &[u8]) -> Result<SavedFile, HostError> {
    let disk = |path: &Path, error| HostError::from(ProfileError::disk(path, error));
    std::fs::create_dir_all(dir).map_err(|error| disk(dir, error))?;
    let mut path = dir.join("recado-recovery-codes.txt");
    let mut number = 2;
    while path.exists() {
        path = dir.join(format!("recado-recovery-codes-{number}.txt"));
        number += 1;
    }
    write_atomically(&path, bytes).map_err(|error| disk(&path, error))?;
    Ok(SavedFile { path: path.display().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_square_and_has_its_three_corners() {
        let url =
            "otpauth://totp/Recado:ana%40cactus.example?secret=GEZDGNBVGY3TQOJQ&issuer=Recado";
        let rows = picture(url).expect("a picture");
        assert!(rows.iter().all(|row| row.len() == rows.len()), "{rows:?}");
        for row in [&rows[0], &rows[6]] {
            assert!(row.starts_with("1111111") && row.ends_with("1111111"), "{row}");
        }
        assert!(rows[rows.len() - 1].starts_with("1111111"));
    }

    #[test]
    fn a_saved_file_is_for_this_user_alone_and_never_replaces_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("Downloads");
        let first = save_beside(&dir, b"first").expect("saved");
        let second = save_beside(&dir, b"second").expect("saved");
        assert_ne!(first.path, second.path);
        assert_eq!(std::fs::read(&first.path).expect("there"), b"first");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&second.path).expect("there").permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    }

    #[test]
    fn a_code_is_six_digits_however_they_are_spaced() {
        assert_eq!(digits(" 123 456 ").expect("a code"), "123456");
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(digits(wrong).expect_err("no code").code, ErrorCode::InvalidCode);
        }
    }
}
