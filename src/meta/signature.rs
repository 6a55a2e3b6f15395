//! What is signed with the app secret: webhooks, API calls, and `signed_request`; and the
//! handshake that opens a webhook.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::ids::AppId;
use super::json::{Raw, object};
use crate::time::UnixMs;

/// What `X-Hub-Signature-256` begins with.
const PREFIX: &str = "sha256=";

/// What a challenge may measure, in bytes. Meta's are about ten digits; it is echoed, so it is not
/// left to the caller how much.
const MAX_CHALLENGE: usize = 512;

/// base64url; some of Meta's samples are padded, the documented form is not.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The app secret of the Meta app.
#[derive(Clone)]
pub struct AppSecret(String);

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret([redacted])")
    }
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No `X-Hub-Signature-256`. Meta's own sample only warns here; we refuse.
    #[error("no x-hub-signature-256 header")]
    Missing,
    /// Not `sha256=` and 64 lower-case hexadecimal digits.
    #[error("the signature is not sha256= and 64 lower-case hexadecimal digits")]
    Malformed,
    /// Signed with another secret, or the body is not what was signed.
    #[error("the signature does not fit the body")]
    Mismatch,
}

/// What Meta tells a data-deletion or deauthorize callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// Whom it is about: an app-scoped id, which is not a PSID.
    pub user_id: String,
    /// When Meta made it.
    pub issued_at: Option<UnixMs>,
    /// When what it stands for ends.
    pub expires_at: Option<UnixMs>,
}

/// Why a `signed_request` is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignedRequestError {
    /// Not two parts of base64url joined by a full stop.
    #[error("not two parts of base64url joined by a full stop")]
    Malformed,
    /// Signed with another secret.
    #[error("the signature does not fit")]
    Mismatch,
    /// Its payload names another algorithm than HMAC-SHA256.
    #[error("the algorithm is not HMAC-SHA256")]
    Algorithm,
    /// Its payload is no JSON object or names no user.
    #[error("the payload names no user")]
    NoUser,
}

object! {
    /// The payload of a `signed_request`.
    Payload<'de> {
        algorithm = b"algorithm",
        user_id = b"user_id",
        issued_at = b"issued_at",
        expires = b"expires",
    }
}

/// Tells the owner whether a secret is the one they have, and nothing else: eight hexadecimal digits
/// of an HMAC with the owner's own token. Only for secrets that nobody can guess.
#[must_use]
pub fn mark(owner: &str, secret: &str) -> String {
    AppSecret::new(owner).proof(secret).chars().take(8).collect()
}

/// The digest in an `X-Hub-Signature-256`.
///
/// # Errors
/// [`SignatureError::Missing`] and [`SignatureError::Malformed`].
pub fn digest(header: Option<&str>) -> Result<[u8; 32], SignatureError> {
    let digits = header
        .ok_or(SignatureError::Missing)?
        .strip_prefix(PREFIX)
        .ok_or(SignatureError::Malformed)?;
    // `hex` would take upper case too.
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(SignatureError::Malformed);
    }
    let mut digest = [0_u8; 32];
    hex::decode_to_slice(digits, &mut digest).map_err(|_| SignatureError::Malformed)?;
    Ok(digest)
}

impl AppSecret {
    /// Wraps the secret as the app dashboard shows it. Its text is the key; it is not decoded.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Whether Meta signed these bytes. `body` must be what arrived, byte for byte: Meta signs its
    /// own escaped spelling (`\u00e4`, `\/`), which no re-serialisation brings back.
    ///
    /// # Errors
    /// [`SignatureError`]; all of them deserve the same answer, 401.
    pub fn verify(&self, header: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
        let signature = digest(header)?;
        let mac = self.mac(body).ok_or(SignatureError::Mismatch)?;
        mac.verify_slice(&signature).map_err(|_| SignatureError::Mismatch)
    }

    /// `appsecret_proof` for calls with this access token: required when the app asks for it
    /// ("Require App Secret"), harmless otherwise.
    #[must_use]
    pub fn proof(&self, access_token: &str) -> String {
        self.mac(access_token.as_bytes())
            .map(|mac| hex::encode(mac.finalize().into_bytes()))
            .unwrap_or_default()
    }

    /// The access token of the app itself, for calls that no Page makes. A secret.
    #[must_use]
    pub fn app_token(&self, app: &AppId) -> String {
        format!("{}|{}", app.0, self.0)
    }

    /// Opens the `signed_request` of a data-deletion or deauthorize callback.
    ///
    /// # Errors
    /// [`SignedRequestError`]; all of them deserve the same answer, 400.
    pub fn open_signed_request(
        &self,
        signed_request: &str,
    ) -> Result<SignedRequest, SignedRequestError> {
        let (signature, payload) =
            signed_request.trim().split_once('.').ok_or(SignedRequestError::Malformed)?;
        let signature = BASE64URL.decode(signature).map_err(|_| SignedRequestError::Malformed)?;
        // The encoded payload is what is signed.
        let mac = self.mac(payload.as_bytes()).ok_or(SignedRequestError::Mismatch)?;
        mac.verify_slice(&signature).map_err(|_| SignedRequestError::Mismatch)?;

        let payload = BASE64URL.decode(payload).map_err(|_| SignedRequestError::Malformed)?;
        let payload: Payload<'_> =
            serde_json::from_slice(&payload).map_err(|_| SignedRequestError::NoUser)?;
        let algorithm = payload.algorithm.and_then(Raw::text).unwrap_or_default();
        if !algorithm.eq_ignore_ascii_case("HMAC-SHA256") {
            return Err(SignedRequestError::Algorithm);
        }
        Ok(SignedRequest {
            user_id: payload.user_id.and_then(Raw::id).ok_or(SignedRequestError::NoUser)?,
            issued_at: payload.issued_at.and_then(Raw::moment),
            expires_at: payload.expires.and_then(Raw::moment),
        })
    }

    /// `None` cannot happen: HMAC takes keys of every length.
    fn mac(&self, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
        mac.update(message);
        Some(mac)
    }
}

/// Why the handshake of `GET /webhook` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// One of `hub.mode`, `hub.verify_token`, `hub.challenge` is missing: somebody's browser.
    #[error("hub.mode, hub.verify_token and hub.challenge are needed")]
    Missing,
    /// `hub.mode` is not `subscribe`.
    #[error("hub.mode is not subscribe")]
    Mode,
    /// The verify token is another, or none was configured.
    #[error("hub.verify_token is not ours")]
    Token,
}

impl HandshakeError {
    /// The HTTP status that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Missing => 400,
            Self::Mode | Self::Token => 403,
        }
    }
}

/// Answers Meta's handshake: the challenge, to be sent back as `text/plain` and nothing else.
/// `query` is what stands behind the `?`, still percent-encoded.
///
/// # Errors
/// [`HandshakeError`], with the status it means.
pub fn handshake(query: &str, verify_token: &str) -> Result<String, HandshakeError> {
    let parameter = |name: &str| form_value(query, name);
    let mode = parameter("hub.mode").ok_or(HandshakeError::Missing)?;
    let token = parameter("hub.verify_token").ok_or(HandshakeError::Missing)?;
    let challenge = parameter("hub.challenge")
        .filter(|challenge| (1..=MAX_CHALLENGE).contains(&challenge.len()))
        .ok_or(HandshakeError::Missing)?;
    if mode != b"subscribe" {
        return Err(HandshakeError::Mode);
    }
    // Digests of equal length, so that the time taken does not tell the token's length either.
    let equal = Sha256::digest(&token).ct_eq(&Sha256::digest(verify_token.as_bytes()));
    if verify_token.is_empty() || !bool::from(equal) {
        return Err(HandshakeError::Token);
    }
    String::from_utf8(challenge).map_err(|_| HandshakeError::Missing)
}

/// The first value of that name in a form or a query, decoded.
#[must_use]
pub fn form_value(form: &str, name: &str) -> Option<Vec<u8>> {
    form.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decoded(key) == name.as_bytes()).then(|| percent_decoded(value))
    })
}

/// `application/x-www-form-urlencoded`, decoded; a `%` without two digits stands for itself.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(b'%'),
            },
            (b'+', _) => decoded.push(b' '),
            (other, _) => decoded.push(other),
        }
    }
    decoded
}

/// The value of a hexadecimal digit, 0 to 15.
fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const PLAIN: &str = r#"{"object":"page","entry":[{"id":"1","time":1458692752478,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"message":{"mid":"m_1","text":"hello"}}]}]}"#;
    const PLAIN_SHA256: &str =
        "sha256=f479c7adaedaf983bbd4680e43ed8324070ce9b300f833518beaf987c915ff50";
    const ESCAPED: &str = r#"{"object":"page","entry":[{"id":"1","time":1458692752478,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"message":{"mid":"m_2","text":"\u00e4\u00f6\u00e5 \ud83d\ude22 a\u0040b.c 5\u0025 http:\/\/x"}}]}]}"#;
    const ESCAPED_SHA256: &str =
        "sha256=d3ab70d4ab901270180b038ecdd9de319816604a867aec7ea698bbe43dfb282f";
    const SIGNED: &str = "omXFKIOfZWc46lpOqqs_opCLTGhRfi3WbJDpLlblMoU.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImV4cGlyZXMiOjEyOTE4NDA0MDAsImlzc3VlZF9hdCI6MTI5MTgzNjgwMCwidXNlcl9pZCI6IjIxODQ3MSJ9";

    fn secret() -> AppSecret {
        AppSecret::new(SECRET)
    }

    fn signed(payload: &str) -> String {
        let payload = BASE64URL.encode(payload);
        let mac = secret().mac(payload.as_bytes()).unwrap();
        format!("{}.{payload}", BASE64URL.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn bodies_signed_by_meta_are_believed() {
        assert_eq!(secret().verify(Some(PLAIN_SHA256), PLAIN.as_bytes()), Ok(()));
        assert_eq!(ESCAPED.len(), 239);
        assert_eq!(secret().verify(Some(ESCAPED_SHA256), ESCAPED.as_bytes()), Ok(()));
    }

    #[test]
    fn the_digest_of_a_reserialised_body_is_refused() {
        let digest = "sha256=3cf59a1a30cf8816e0eb977ad646e0b0b43bdb69e3a4e16e64548ae48aa04a00";
        assert_eq!(
            secret().verify(Some(digest), ESCAPED.as_bytes()),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn another_body_or_secret_is_refused() {
        let mut altered = PLAIN.as_bytes().to_vec();
        altered[10] ^= 1;
        assert_eq!(secret().verify(Some(PLAIN_SHA256), &altered), Err(SignatureError::Mismatch));
        assert_eq!(
            AppSecret::new("other").verify(Some(PLAIN_SHA256), PLAIN.as_bytes()),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn only_the_exact_form_of_the_header_is_read() {
        assert_eq!(secret().verify(None, PLAIN.as_bytes()), Err(SignatureError::Missing));
        let truncated = &PLAIN_SHA256[..70];
        for header in [
            "",
            "sha256=",
            truncated,
            &format!("{PLAIN_SHA256}0"),
            &format!("{PLAIN_SHA256} "),
            &format!(" {PLAIN_SHA256}"),
            &PLAIN_SHA256.to_uppercase(),
            &format!("sha256={}", PLAIN_SHA256[7..].to_uppercase()),
            &PLAIN_SHA256[7..],
            &PLAIN_SHA256.replace("f47", "g47"),
            "sha1=3c1fc47ec6591540d2eaf4c652e9aa1ffab0740f",
        ] {
            assert_eq!(
                secret().verify(Some(header), PLAIN.as_bytes()),
                Err(SignatureError::Malformed),
                "{header:?}"
            );
        }
    }

    #[test]
    fn the_proof_of_a_token_is_its_hmac() {
        assert_eq!(
            secret().proof("EAAB_page_token"),
            "e3f6717b652ae958ad80ae5b4930e3b464929dc78be1cea51953415f6596f7a9"
        );
    }

    #[test]
    fn the_secret_is_not_debugged() {
        assert_eq!(format!("{:?}", secret()), "AppSecret([redacted])");
    }

    #[test]
    fn a_signed_request_opens_with_and_without_padding() {
        let opened = SignedRequest {
            user_id: "218471".into(),
            issued_at: Some(UnixMs::new(1_291_836_800_000)),
            expires_at: Some(UnixMs::new(1_291_840_400_000)),
        };
        assert_eq!(secret().open_signed_request(SIGNED), Ok(opened.clone()));
        let padded = SIGNED.replacen('.', "=.", 1);
        assert_eq!(secret().open_signed_request(&padded), Ok(opened));
        // A payload of another length, so that it carries padding of its own.
        let padded = signed(r#"{"algorithm":"HMAC-SHA256","user_id":218471}"#);
        assert_eq!(padded.matches('=').count(), 2, "{padded}");
        assert_eq!(secret().open_signed_request(&padded).unwrap().user_id, "218471");
    }

    #[test]
    fn a_signed_request_that_is_not_meta_s_is_refused() {
        let open = |text: &str| secret().open_signed_request(text).unwrap_err();
        assert_eq!(open(""), SignedRequestError::Malformed);
        assert_eq!(open("abc"), SignedRequestError::Malformed);
        assert_eq!(open("*.*"), SignedRequestError::Malformed);
        assert_eq!(open(&SIGNED.replace("eyJhb", "eyJha")), SignedRequestError::Mismatch);
        assert_eq!(open(&format!("{SIGNED}=")), SignedRequestError::Mismatch);
        assert_eq!(open(&SIGNED[1..]), SignedRequestError::Malformed);
        assert_eq!(
            AppSecret::new("other").open_signed_request(SIGNED),
            Err(SignedRequestError::Mismatch)
        );
        assert_eq!(open(&signed(r#"{"user_id":"1"}"#)), SignedRequestError::Algorithm);
        assert_eq!(
            open(&signed(r#"{"algorithm":"none","user_id":"1"}"#)),
            SignedRequestError::Algorithm
        );
        assert_eq!(open(&signed(r#"{"algorithm":"HMAC-SHA256"}"#)), SignedRequestError::NoUser);
        assert_eq!(open(&signed("[]")), SignedRequestError::NoUser);
    }

    #[test]
    fn the_handshake_returns_the_challenge() {
        for (query, challenge) in [
            (
                "hub.verify_token=YOUR-VERIFY-TOKEN&hub.challenge=CHALLENGE_ACCEPTED&hub.mode=subscribe",
                "CHALLENGE_ACCEPTED",
            ),
            (
                "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=YOUR-VERIFY-TOKEN",
                "1158201444",
            ),
            (
                "hub%2Emode=subscribe&hub.challenge=a%2Bb+c%&hub.verify_token=YOUR%2DVERIFY%2dTOKEN",
                "a+b c%",
            ),
        ] {
            assert_eq!(handshake(query, "YOUR-VERIFY-TOKEN").as_deref(), Ok(challenge), "{query}");
        }
    }

    #[test]
    fn each_wrong_handshake_has_its_status() {
        let long =
            format!("hub.mode=subscribe&hub.verify_token=t&hub.challenge={}", "1".repeat(600));
        for (query, token, status) in [
            ("", "t", 400),
            ("hub.mode=subscribe&hub.verify_token=t", "t", 400),
            ("hub.mode=subscribe&hub.challenge=1", "t", 400),
            ("hub.verify_token=t&hub.challenge=1", "t", 400),
            ("hub.mode=subscribe&hub.verify_token=t&hub.challenge=%ff", "t", 400),
            (long.as_str(), "t", 400),
            ("hub.mode=unsubscribe&hub.verify_token=t&hub.challenge=1", "t", 403),
            ("hub.mode=subscribe&hub.verify_token=T&hub.challenge=1", "t", 403),
            ("hub.mode=subscribe&hub.verify_token=tt&hub.challenge=1", "t", 403),
            ("hub.mode=subscribe&hub.verify_token=&hub.challenge=1", "", 403),
        ] {
            assert_eq!(handshake(query, token).map_err(|e| e.status()), Err(status), "{query}");
        }
    }
}
