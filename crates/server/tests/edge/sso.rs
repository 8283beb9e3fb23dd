//! Single sign-on, against a provider that lies in every way it can.

mod app_attacks;
mod browser_attacks;
mod console;
mod groups;
mod honest;
mod lasting;
mod only;
mod people;
mod provider_faults;
mod scene;
mod step_up;
mod token_attacks;
