//! One reply that only few streams are told of, while many others are open.

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use recado_client::transport::{LiveStream, Request};
use recado_protocol::{AccessScope, ConversationAccess, ConversationId};

use super::fanout::{next_page, open_all, streams};
use super::http::reply;
use super::world::World;
use crate::measure::median;
use crate::report::{Beside, Goal};

/// How many are told.
const TOLD: usize = 20;
/// How many replies one round has.
const REPLIES: usize = 10;

/// Measures with those who are told alone, then with the others beside them, then alone again.
pub(super) fn measure(world: &World, rounds: usize) -> Result<(Vec<Beside>, Vec<Goal>)> {
    let own_teams = ConversationAccess { scope: AccessScope::OwnTeams, unassigned: false };
    let told = world.agent("Told", own_teams.clone(), "Told")?;
    let others = world.agent("Other", own_teams, "Others")?;
    let conversation = world.conversation_of("Told")?;
    let mut streams_told = world.run(open_all(world, &told, TOLD))?;
    let mut alone = replies(world, conversation, &mut streams_told, rounds)?;
    let crowd = streams().saturating_sub(TOLD);
    let crowd_streams = world.run(open_all(world, &others, crowd))?;
    let beside = replies(world, conversation, &mut streams_told, rounds)?;
    drop(crowd_streams);
    alone.extend(replies(world, conversation, &mut streams_told, rounds)?);
    let (alone, beside) = (median(alone), median(beside));
    let ratio = beside / alone;
    let line = Beside {
        name: "server/fanout_targeted",
        what: format!("one reply to {TOLD} streams, {crowd} others; bare: without them"),
        recado: beside,
        bare: Some(alone),
        ratio: Some(ratio),
    };
    let what = "x of the same without the others, processor";
    Ok((vec![line], vec![Goal::new("server/fanout_targeted", what, ratio, 1.2)]))
}

/// Microseconds of the server's processor for one reply, by rounds.
fn replies(
    world: &World,
    conversation: ConversationId,
    streams: &mut [LiveStream],
    rounds: usize,
) -> Result<Vec<f64>> {
    let mut costs = Vec::new();
    for round in 0..=rounds {
        let cost = world.server_cpu(|| {
            world.run(async {
                for _ in 0..REPLIES {
                    let request = Request::post("/v1/commands", &reply(conversation))?;
                    let answer = world.recado.send(world.signed(request)).await?;
                    ensure!(answer.status == 200, "the answer is {answer:?}");
                    for told in join_all(streams.iter_mut().map(next_page)).await {
                        told?;
                    }
                }
                Ok(())
            })
        })?;
        // The first round fills caches.
        if round > 0 {
            costs.push(cost / REPLIES as f64);
        }
    }
    Ok(costs)
}
