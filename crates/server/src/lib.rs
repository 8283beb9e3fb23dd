pub mod clock;
pub mod storage;
