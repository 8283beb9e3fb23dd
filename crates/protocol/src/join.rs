//! Join links: how a client learns which server to trust.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use crate::id::WorkspaceId;

/// `recado://join?url=…&workspace=…&ca=…&invitation=…`. With `ca` the client trusts only that authority
/// for this server; without it, the system's roots. With `invitation` it is a personal link, by which one
/// person sets what they sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// The server, `https` only.
    pub url: Url,
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The certificate of the server's own authority, DER.
    pub ca_der: Option<Vec<u8>>,
    /// The secret of a personal link.
    pub invitation: Option<LinkSecret>,
}

/// The secret of a personal link. Never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecret(String);

impl LinkSecret {
    /// What every such secret begins with, and the characters of base64url that follow.
    const PREFIX: &'static str = "rct_i_";
    const CHARACTERS: usize = 43;

    /// The secret's text, to be sent to its server and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for LinkSecret {
    type Err = InvalidJoinLink;

    fn from_str(text: &str) -> Result<Self, InvalidJoinLink> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        text.strip_prefix(Self::PREFIX)
            .filter(|rest| rest.len() == Self::CHARACTERS && rest.bytes().all(plain))
            .map(|_| Self(text.to_owned()))
            .ok_or(InvalidJoinLink::Invitation)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret")
    }
}

/// Why a join link was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJoinLink {
    /// It is not a join link at all.
    #[error("a join link starts with recado://join?url=")]
    NotAJoinLink,
    /// The server's address is not an https address of a host alone.
    #[error("the join link's address must be https:// and a host, without a path or a user")]
    Address,
    /// The workspace is missing or malformed.
    #[error("the join link names no workspace")]
    Workspace,
    /// The certificate cannot be read.
    #[error("the join link's certificate cannot be read")]
    Certificate,
    /// The personal part cannot be read.
    #[error("the personal part of the link cannot be read; copy the whole link")]
    Invitation,
}

impl FromStr for JoinLink {
    type Err = InvalidJoinLink;

    fn from_str(text: &str) -> Result<Self, InvalidJoinLink> {
        let link = Url::parse(text.trim()).map_err(|_| InvalidJoinLink::NotAJoinLink)?;
        if link.scheme() != "recado" || link.host_str() != Some("join") {
            return Err(InvalidJoinLink::NotAJoinLink);
        }
        let mut url = None;
        let mut workspace = None;
        let mut ca = None;
        let mut invitation = None;
        for (key, value) in link.query_pairs() {
            let slot = match key.as_ref() {
                "url" => &mut url,
                "workspace" => &mut workspace,
                "ca" => &mut ca,
                "invitation" => &mut invitation,
                _ => continue,
            };
            // A second value for the same key would let two readers see two different links.
            if slot.replace(value.into_owned()).is_some() {
                return Err(InvalidJoinLink::NotAJoinLink);
            }
        }
        let url = Url::parse(&url.ok_or(InvalidJoinLink::NotAJoinLink)?)
            .map_err(|_| InvalidJoinLink::Address)?;
        let bare = url.scheme() == "https"
            && url.host_str().is_some_and(|host| !host.is_empty())
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(InvalidJoinLink::Address);
        }
        let workspace_id =
            workspace.and_then(|text| text.parse().ok()).ok_or(InvalidJoinLink::Workspace)?;
        let ca_der = match ca {
            None => None,
            Some(text) => Some(
                URL_SAFE_NO_PAD
                    .decode(text)
                    .ok()
                    .filter(|der| (64..=16_384).contains(&der.len()))
                    .ok_or(InvalidJoinLink::Certificate)?,
            ),
        };
        let invitation = invitation.map(|text| text.parse()).transpose()?;
        Ok(Self { url, workspace_id, ca_der, invitation })
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("url", self.url.as_str().trim_end_matches('/'));
        query.append_pair("workspace", &self.workspace_id.to_string());
        if let Some(der) = &self.ca_der {
            query.append_pair("ca", &URL_SAFE_NO_PAD.encode(der));
        }
        if let Some(secret) = &self.invitation {
            query.append_pair("invitation", secret.expose());
        }
        write!(f, "recado://join?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn link() -> JoinLink {
        JoinLink {
            url: Url::parse("https://127.0.0.1:8443").expect("a valid address"),
            workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(7)),
            ca_der: Some(vec![0x30; 300]),
            invitation: None,
        }
    }

    #[test]
    fn a_link_reads_back_as_what_was_written() {
        let text = link().to_string();
        assert_eq!(text.parse::<JoinLink>(), Ok(link()));
        let invitation = format!("rct_i_{}", "Ab-_9".repeat(9).split_at(43).0);
        let secret: LinkSecret = invitation.parse().expect("a secret");
        let personal = JoinLink { invitation: Some(secret), ..link() };
        assert!(personal.to_string().ends_with(&invitation));
        assert!(!format!("{personal:?}").contains(&invitation));
        assert_eq!(personal.to_string().parse::<JoinLink>(), Ok(personal));
    }

    #[test]
    fn hostile_links_are_refused_with_their_reason() {
        use InvalidJoinLink::{Address, Certificate, Invitation, NotAJoinLink, Workspace};
        let workspace = link().workspace_id;
        let with_url = |url: &str| format!("recado://join?url={url}&workspace={workspace}");
        for (text, reason) in [
            (String::new(), NotAJoinLink),
            ("https://join?url=https://a".into(), NotAJoinLink),
            ("recado://open?url=https://a".into(), NotAJoinLink),
            (format!("recado://join?workspace={workspace}"), NotAJoinLink),
            (with_url("https://a&url=https://b"), NotAJoinLink),
            (with_url("http://a"), Address),
            (with_url("javascript:alert(1)"), Address),
            (with_url("https://user:secret@a"), Address),
            (with_url("https://a/path"), Address),
            ("recado://join?url=https://a".into(), Workspace),
            ("recado://join?url=https://a&workspace=cnv_0".into(), Workspace),
            (with_url("https://a&ca=!!"), Certificate),
            (with_url("https://a&ca="), Certificate),
            (with_url("https://a&invitation="), Invitation),
            (with_url("https://a&invitation=rct_i_short"), Invitation),
            (with_url(&format!("https://a&invitation=rct_r_{}", "A".repeat(43))), Invitation),
            (with_url(&format!("https://a&invitation=rct_i_{}", "%20".repeat(43))), Invitation),
        ] {
            assert_eq!(text.parse::<JoinLink>(), Err(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,200}", tail in ".{0,80}") {
            let _ = text.parse::<JoinLink>();
            let _ = format!("recado://join?url={text}&ca={tail}").parse::<JoinLink>();
        }
    }
}
