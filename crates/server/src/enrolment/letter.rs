//! The text that goes with a personal link, ready to be mailed by hand.

use recado_protocol::enrolment::{EnrolmentKind, LetterLanguage, MadeLink};
use recado_protocol::{JoinLink, Timestamp};

use super::{Made, internal};
use crate::session::AuthError;

impl Made {
    /// The link as its maker is given it: whole, and in a letter.
    ///
    /// # Errors
    /// [`AuthError::Internal`].
    pub fn written(
        self,
        join_link: &JoinLink,
        workspace: &str,
        language: LetterLanguage,
    ) -> Result<MadeLink, AuthError> {
        let secret = self.secret.expose().parse().map_err(internal)?;
        let link = JoinLink { invitation: Some(secret), ..join_link.clone() }.to_string();
        let letter = Letter {
            kind: self.link.kind,
            workspace,
            name: &self.link.name,
            made_by: self.made_by.as_deref(),
            link: &link,
            expires_at: self.link.expires_at,
        };
        let letter = write(letter, language);
        Ok(MadeLink { enrolment: self.link, link, letter })
    }
}

/// What a letter says.
#[derive(Clone, Copy)]
struct Letter<'a> {
    kind: EnrolmentKind,
    workspace: &'a str,
    /// The name of whom it is for.
    name: &'a str,
    /// Who made the link; absent for the console.
    made_by: Option<&'a str>,
    link: &'a str,
    expires_at: Timestamp,
}

/// Writes a letter, its subject first.
fn write(letter: Letter<'_>, language: LetterLanguage) -> String {
    match language {
        LetterLanguage::En => english(letter),
        LetterLanguage::Es => spanish(letter),
    }
}

fn until(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.as_seconds())
        .map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

fn english(letter: Letter<'_>) -> String {
    let Letter { kind, workspace, name, made_by, link, expires_at } = letter;
    let until = until(expires_at);
    let (subject, opening) = match kind {
        EnrolmentKind::Invitation => (
            format!("Your invitation to {workspace} on Recado"),
            match made_by {
                Some(who) => format!("{who} invites you to {workspace} on Recado."),
                None => format!("You are invited to {workspace} on Recado."),
            },
        ),
        EnrolmentKind::PasswordReset => (
            format!("A new password for {workspace} on Recado"),
            format!(
                "With this link you choose a new password for {workspace}. You will also need a code of your \
                 authenticator app."
            ),
        ),
        _ => (
            format!("Your sign-in to {workspace} on Recado"),
            format!(
                "With this link you choose a new password for {workspace} and set up your authenticator app anew."
            ),
        ),
    };
    let closing = match kind {
        EnrolmentKind::Invitation => {
            "Have an authenticator app at hand, on your phone for example: you will need it to join."
        }
        _ => {
            "When you are done, you are signed out everywhere else. If you did not ask for this, tell your admin at once."
        }
    };
    format!(
        "Subject: {subject}\n\nHello {name},\n\n{opening}\n\n\
         Open this link on the computer on which you use Recado, or copy it whole and paste it where Recado asks for a \
         link:\n\n{link}\n\n\
         It is for you alone and works once, until {until}. Whoever has it can take your place, so pass it on to nobody.\n\n\
         {closing}\n"
    )
}

fn spanish(letter: Letter<'_>) -> String {
    let Letter { kind, workspace, name, made_by, link, expires_at } = letter;
    let until = until(expires_at);
    let (subject, opening) = match kind {
        EnrolmentKind::Invitation => (
            format!("Tu invitación a {workspace} en Recado"),
            match made_by {
                Some(who) => format!("{who} te invita a {workspace} en Recado."),
                None => format!("Tienes una invitación a {workspace} en Recado."),
            },
        ),
        EnrolmentKind::PasswordReset => (
            format!("Una contraseña nueva para {workspace} en Recado"),
            format!(
                "Con este enlace eliges una contraseña nueva para {workspace}. También necesitarás un código de tu \
                 aplicación de autenticación."
            ),
        ),
        _ => (
            format!("Tu acceso a {workspace} en Recado"),
            format!(
                "Con este enlace eliges una contraseña nueva para {workspace} y configuras de nuevo tu aplicación de \
                 autenticación."
            ),
        ),
    };
    let closing = match kind {
        EnrolmentKind::Invitation => {
            "Ten a mano una aplicación de autenticación, por ejemplo en tu teléfono: la necesitarás para unirte."
        }
        _ => {
            "Al terminar se cierra tu sesión en todos los demás equipos. Si no has pedido esto, avisa enseguida a tu \
             administrador."
        }
    };
    format!(
        "Asunto: {subject}\n\nHola, {name}:\n\n{opening}\n\n\
         Abre este enlace en el ordenador en el que usas Recado, o cópialo entero y pégalo donde Recado pida un \
         enlace:\n\n{link}\n\n\
         Es solo para ti y funciona una vez, hasta el {until}. Quien lo tenga puede ocupar tu lugar: no se lo pases a \
         nadie.\n\n\
         {closing}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_holds_the_link_on_a_line_of_its_own_and_says_how_long_it_is_good() {
        for language in [LetterLanguage::En, LetterLanguage::Es] {
            let mut written = Vec::new();
            for kind in [
                EnrolmentKind::Invitation,
                EnrolmentKind::PasswordReset,
                EnrolmentKind::AccountReset,
            ] {
                let letter = Letter {
                    kind,
                    workspace: "Cactus Desk",
                    name: "Ana Ruiz",
                    made_by: Some("Mia Chen"),
                    link: "recado://join?url=x",
                    expires_at: Timestamp::from_micros(1_800_000_000_000_000),
                };
                let text = write(letter, language);
                assert!(text.lines().any(|line| line == "recado://join?url=x"), "{text}");
                assert!(text.contains("2027-01-15 08:00 UTC") && text.contains("Cactus Desk"));
                written.push(text);
            }
            assert!(written[0].contains("Mia Chen"));
            written.dedup();
            assert_eq!(written.len(), 3);
        }
    }
}
