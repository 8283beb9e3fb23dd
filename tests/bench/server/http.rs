//! One request after the other on one connection, each kind in turn with the bare one.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use recado_client::Transport;
use recado_client::transport::Request;
use recado_protocol::command::CommandsRequest;
use recado_protocol::{Action, Command, CommandId, Timestamp};
use uuid::Uuid;

use super::world::World;
use crate::measure::{Clock, median};
use crate::report::{Beside, Goal};

/// How many requests of a kind are sent before the next kind's turn.
const IN_A_ROW: usize = 40;

/// What a request asks for, and what it may cost beside the bare one.
pub(super) type Kinds = [(&'static str, &'static str, f64); 4];

/// The server on SQLite, beside an answer that touches nothing.
pub(super) const ON_SQLITE: Kinds = [
    ("server/http/sync", "nothing new in the change log", 2.0),
    ("server/http/inbox", "50 heads with contacts and read marks", 6.0),
    ("server/http/conversation", "one conversation with ten parts", 2.0),
    ("server/http/send", "one reply, stored", 5.0),
];
/// The server on PostgreSQL, beside an answer that asks it for nothing but an answer.
pub(super) const ON_POSTGRES: Kinds = [
    ("server/http_pg/sync", "nothing new in the change log", 1.5),
    ("server/http_pg/inbox", "50 heads with contacts and read marks", 1.5),
    ("server/http_pg/conversation", "one conversation with ten parts", 1.5),
    ("server/http_pg/send", "one reply, stored", 1.5),
];

/// What one request costs, in microseconds.
#[derive(Clone, Copy)]
struct Each {
    /// Of the server's processor.
    cpu: f64,
    /// By the clock on the wall.
    wall: f64,
}

/// Measures the kinds by `clock`. PostgreSQL's own work is done by other processes, so there only the wall's clock tells.
pub(super) fn measure(
    world: &World,
    rounds: usize,
    kinds: &Kinds,
    clock: Clock,
) -> Result<(Vec<Beside>, Vec<Goal>)> {
    let by = |each: Each| match clock {
        Clock::Cpu => each.cpu,
        Clock::Wall => each.wall,
    };
    let mut bare = Vec::new();
    let mut costs: [Vec<f64>; 4] = Default::default();
    let mut bytes = [0; 4];
    for round in 0..=rounds {
        let cost = batch(world, &world.bare, |_| Ok(Request::get("/v1/bare")))?.0;
        // The first round fills caches.
        if round > 0 {
            bare.push(by(cost));
        }
        for (kind, costs) in costs.iter_mut().enumerate() {
            let cursor = world.run(world.cursor())?;
            let ask = |number| request(world, kind, round * IN_A_ROW + number, cursor);
            let (cost, length) = batch(world, &world.recado, ask)?;
            bytes[kind] = length;
            if round > 0 {
                costs.push(by(cost));
            }
        }
    }
    let beside = match clock {
        Clock::Cpu => "x of a bare answer, processor",
        Clock::Wall => "x of an answer after SELECT 1, wall",
    };
    let mut lines = Vec::new();
    let mut goals = Vec::new();
    for ((&(name, what, at_most), costs), length) in kinds.iter().zip(&costs).zip(bytes) {
        let ratio = median(costs.iter().zip(&bare).map(|(cost, bare)| cost / bare));
        let recado = median(costs.iter().copied());
        let what = format!("{what}, {length} bytes");
        let bare = Some(median(bare.iter().copied()));
        lines.push(Beside { name, what, recado, bare, ratio: Some(ratio) });
        goals.push(Goal::new(name, beside, ratio, at_most));
    }
    Ok((lines, goals))
}

/// What one of some requests costs, and the length of an answer.
fn batch(
    world: &World,
    transport: &Arc<dyn Transport>,
    request: impl Fn(usize) -> Result<Request>,
) -> Result<(Each, usize)> {
    let requests: Vec<Request> = (0..IN_A_ROW).map(request).collect::<Result<_>>()?;
    let mut length = 0;
    let began = Instant::now();
    let cpu = world.server_cpu(|| {
        world.run(async {
            for request in requests {
                let answer = transport.send(request).await?;
                ensure!(answer.status == 200, "the answer is {answer:?}");
                length = answer.body.len();
            }
            Ok(())
        })
    })?;
    let wall = began.elapsed().as_secs_f64() * 1e6;
    let each = |whole: f64| whole / IN_A_ROW as f64;
    Ok((Each { cpu: each(cpu), wall: each(wall) }, length))
}

fn request(world: &World, kind: usize, number: usize, cursor: u64) -> Result<Request> {
    let conversation = world.conversations[number * 7 % world.conversations.len()];
    Ok(world.signed(match kind {
        0 => Request::get("/v1/sync").with("log_id", world.bootstrap.log_id).with("cursor", cursor),
        1 => Request::get("/v1/conversations").with("state", "open").with("limit", 50),
        2 => Request::get(format!("/v1/conversations/{conversation}")),
        _ => Request::post("/v1/commands", &reply(conversation))?,
    }))
}

/// One reply, as a client sends it.
pub(super) fn reply(conversation_id: recado_protocol::ConversationId) -> CommandsRequest {
    let action = Action::ConversationReply {
        body_text: "Thank you for waiting; it is on its way.".to_owned(),
        last_seen_seq: u32::MAX,
    };
    let command = Command {
        id: CommandId::from_uuid(Uuid::now_v7()),
        conversation_id,
        after: None,
        action,
        created_at: Timestamp::default(),
    };
    CommandsRequest { log_id: None, commands: vec![command] }
}
