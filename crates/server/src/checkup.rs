//! How well the workspace is protected, looked at afresh each time.

use std::collections::BTreeSet;

use recado_protocol::checkup::{
    FEW_RECOVERY_CODES, LONG_LEASE_S, MAX_NAMED, SecurityCheckup, SecurityStep, StepState, UNUSED_S,
};
use recado_protocol::{Role, TeammateId, WorkspaceId};

use crate::core::Core;
use crate::storage::checkup::{OwnFactors, Protected, copies, people, unseen};
use crate::storage::{DbError, own_factor, sso, workspace};

/// As many admins are never too many.
const ADMINS_AT_LEAST: usize = 2;
/// Above that, one in so many teammates may be an admin.
const TEAMMATES_PER_ADMIN: usize = 5;

/// Looks at every step.
///
/// # Errors
/// [`DbError`].
pub async fn look(core: &Core, workspace_id: WorkspaceId) -> Result<SecurityCheckup, DbError> {
    let now = core.now();
    let read = core.db().read(async move |tx| {
        let people = people(tx, workspace_id).await?;
        let sso_only = sso::only_with_owner(tx, workspace_id).await?.is_some();
        let copies = copies(tx, workspace_id, now.plus_seconds(-UNUSED_S)).await?;
        let unseen = unseen(tx, workspace_id).await?;
        let asked = own_factor::rules(tx, workspace_id).await?.len();
        let lease_s = workspace::get(tx, workspace_id).await?.offline_lease_s;
        Ok::<_, DbError>((people, sso_only, copies, unseen, asked, lease_s))
    });
    let (people, sso_only, copies, unseen, asked, lease_s) = read.await?;
    let unused = copies.iter().filter(|(_, unused)| *unused).map(|(whose, _)| *whose).collect();
    Ok(SecurityCheckup {
        steps: vec![
            of_factors(SecurityStep::OwnAuthenticator, &people, |own| own.authenticator_chosen),
            of_factors(SecurityStep::OwnPassword, &people, |own| own.password_chosen),
            of_factors(SecurityStep::RecoveryCodes, &people, |own| {
                own.recovery_codes >= FEW_RECOVERY_CODES
            }),
            of_roles(SecurityStep::FactorRequired, asked),
            of_workspace(SecurityStep::SsoOnly, sso_only),
            second_admin(&people),
            few_admins(&people),
            of_workspace(SecurityStep::ShortLease, lease_s <= LONG_LEASE_S),
            state(SecurityStep::UnusedCopies, unused, copies.len()),
            state(SecurityStep::UnseenSignIns, unseen, copies.len()),
        ],
        looked_at: now,
    })
}

/// A step about the workspace itself.
fn of_workspace(step: SecurityStep, done: bool) -> StepState {
    StepState { step, done, open: u32::from(!done), of: 1, teammate_ids: Vec::new() }
}

/// A step about every role, so many of which have taken it.
fn of_roles(step: SecurityStep, taken: usize) -> StepState {
    let open = counted(Role::ALL.len().saturating_sub(taken));
    StepState {
        step,
        done: open == 0,
        open,
        of: counted(Role::ALL.len()),
        teammate_ids: Vec::new(),
    }
}

/// A step that is open for these; whoever stands there twice is named once.
fn state(step: SecurityStep, open: Vec<TeammateId>, of: usize) -> StepState {
    let count = counted(open.len());
    let mut named = BTreeSet::new();
    let mut teammate_ids = open;
    teammate_ids.retain(|id| named.insert(*id));
    teammate_ids.truncate(MAX_NAMED);
    StepState { step, done: count == 0, open: count, of: counted(of).max(count), teammate_ids }
}

/// A step about those who have a password of their own.
fn of_factors(
    step: SecurityStep,
    people: &[Protected],
    is_done: impl Fn(&OwnFactors) -> bool,
) -> StepState {
    let with_own: Vec<_> = people.iter().filter_map(|it| it.own.map(|own| (it.id, own))).collect();
    let open = with_own.iter().filter(|(_, own)| !is_done(own)).map(|(id, _)| *id).collect();
    state(step, open, with_own.len())
}

fn admins(people: &[Protected]) -> Vec<TeammateId> {
    people.iter().filter(|it| it.role == Some(Role::Admin)).map(|it| it.id).collect()
}

fn second_admin(people: &[Protected]) -> StepState {
    let admins = admins(people);
    let done = admins.len() >= ADMINS_AT_LEAST;
    let teammate_ids = if done { Vec::new() } else { admins };
    StepState { teammate_ids, ..of_workspace(SecurityStep::SecondAdmin, done) }
}

fn few_admins(people: &[Protected]) -> StepState {
    let admins = admins(people);
    let most = people.len().div_ceil(TEAMMATES_PER_ADMIN).max(ADMINS_AT_LEAST);
    let too_many = admins.len() > most;
    let open = if too_many { admins } else { Vec::new() };
    state(SecurityStep::FewAdmins, open, people.len())
}

fn counted(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
