//! A JSON object with a checksum of itself, so that a flipped bit is told from a choice.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The field that holds the checksum of all others.
const FIELD: &str = "check";

/// Writes `value` with its checksum.
pub(super) fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    let check = checksum(&value);
    if let Value::Object(fields) = &mut value {
        fields.insert(FIELD.to_owned(), Value::String(check));
    }
    serde_json::to_vec_pretty(&value)
}

/// An object whose checksum fits, or that has none.
pub(super) struct Opened {
    pub(super) value: Value,
    /// Programs that knew no checksum wrote none.
    pub(super) has_checksum: bool,
}

impl Opened {
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, Damaged> {
        serde_json::from_value(self.value).map_err(|_| Damaged)
    }
}

/// Reads what [`to_bytes`] wrote.
pub(super) fn open(bytes: &[u8]) -> Result<Opened, Damaged> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|_| Damaged)?;
    let check = value.as_object_mut().ok_or(Damaged)?.remove(FIELD);
    if check.as_ref().is_some_and(|check| *check != Value::String(checksum(&value))) {
        return Err(Damaged);
    }
    Ok(Opened { value, has_checksum: check.is_some() })
}

/// Neither readable nor what was written.
#[derive(Debug)]
pub(super) struct Damaged;

/// The same for every order of the fields and every spacing.
fn checksum(value: &Value) -> String {
    let mut hasher = Sha256::new();
    add(&mut hasher, value);
    URL_SAFE_NO_PAD.encode(hasher.finalize())
}

fn add(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            for name in names {
                // Written as JSON, no name can end where another begins.
                hasher.update(Value::String(name.clone()).to_string());
                add(hasher, &fields[name]);
            }
        }
        value => hasher.update(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_is_found_unless_it_hits_the_name_of_the_checksum() {
        let value =
            serde_json::json!({ "theme": "dark", "sounds": true, "zoom": 100, "list": [1] });
        let bytes = to_bytes(&value).expect("it is written");
        let opened = open(&bytes).expect("it is read");
        assert_eq!((opened.value, opened.has_checksum), (value.clone(), true));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(opened) = open(&flipped) else { continue };
            for (name, content) in value.as_object().expect("an object") {
                assert_eq!(&opened.value[name], content, "bit {bit}");
            }
        }
    }

    #[test]
    fn a_file_without_a_checksum_is_accepted() {
        let opened = open(b"{\"theme\":\"dark\"}").expect("it is read");
        assert!(!opened.has_checksum);
        assert_eq!(opened.value["theme"], "dark");
    }
}
