//! What a client tells about the machine it runs on.

use recado_protocol::identity::Device;

use crate::session::AuthError;
use crate::storage::session::StoredDevice;

const ID_DIGITS: usize = 32;
const LONGEST_FIELD_CHARS: usize = 200;

/// Checks a device's description. What is too long is cut: it is only ever shown.
///
/// # Errors
/// [`AuthError::InvalidValue`] for an id that is not 16 bytes as hexadecimal digits.
pub(crate) fn read(device: &Device) -> Result<StoredDevice, AuthError> {
    let is_id =
        device.id.len() == ID_DIGITS && device.id.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_id {
        return Err(AuthError::InvalidValue(
            "`device.id` must be 16 bytes as 32 hexadecimal digits.",
        ));
    }
    let field = |text: &str| -> String {
        text.chars().filter(|c| !c.is_control()).take(LONGEST_FIELD_CHARS).collect()
    };
    let described = Device {
        id: device.id.to_ascii_lowercase(),
        name: field(&device.name),
        system: field(&device.system),
        app_version: field(&device.app_version),
    };
    Ok(StoredDevice::new(&described))
}
