pub mod clock;
pub mod identity;
pub mod storage;
pub mod tls;
