//! What was counted in the example conversations: how long they are, how long a message waits for the
//! next one, and when customers begin to write.

use super::random::Random;

const HOUR_S: f64 = 3_600.0;
const WEEK_HOURS: usize = 168;
const WEEK_S: i64 = 604_800;
/// Seconds from a Monday's begin to the begin of 1970, a Thursday.
const MONDAY_TO_1970_S: i64 = 3 * 86_400;

/// A distribution by its quantiles: shares of what is counted, and the values below which they lie.
#[derive(Debug)]
pub(crate) struct Quantiles {
    points: &'static [(f64, f64)],
    /// Between two points values grow by factors, not by steps.
    geometric: bool,
}

/// Messages of a conversation: 12.9 in the mean.
pub(crate) const MESSAGES: Quantiles = Quantiles {
    points: &[
        (0.0, 1.0),
        (0.109, 1.0),
        (0.11, 2.0),
        (0.2, 2.0),
        (0.25, 4.0),
        (0.3, 5.0),
        (0.4, 8.0),
        (0.5, 10.0),
        (0.6, 13.0),
        (0.7, 16.0),
        (0.8, 18.0),
        (0.85, 20.0),
        (0.9, 26.0),
        (0.95, 38.0),
        (0.98, 46.0),
        (0.99, 72.0),
        (0.995, 89.0),
        (0.999, 147.0),
        (1.0, 168.0),
    ],
    geometric: false,
};

/// Seconds between a message and the next one: chats of people who sit before it, with some answers on
/// the next day or in two weeks. Zeros, which come from logs that are precise to the minute, are seconds here.
pub(crate) const GAP_S: Quantiles = Quantiles {
    points: &[
        (0.0, 1.0),
        (0.25, 4.0),
        (0.5, 18.0),
        (0.75, 46.0),
        (0.9, 60.0),
        (0.95, 120.0),
        (0.99, 840.0),
        (0.995, 9_483.0),
        (0.999, 61_869.0),
        (0.9999, 177_661.0),
        (1.0, 1_040_095.0),
    ],
    geometric: true,
};

impl Quantiles {
    pub(crate) fn draw(&self, random: &mut Random) -> f64 {
        self.at(random.unit())
    }

    /// The value below which this share lies.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let above = self.points.partition_point(|(point, _)| *point <= share);
        let Some((to, high)) = self.points.get(above) else {
            return self.points.last().map_or(0.0, |(_, value)| *value);
        };
        let (from, low) = self.points[above.saturating_sub(1)];
        let way = (share - from) / (to - from);
        if self.geometric { low * (high / low).powf(way) } else { low + (high - low) * way }
    }
}

/// How many conversations of 3,604 with times began in each hour of the day, in UTC.
const BEGUN_BY_HOUR: [u32; 24] = [
    193, 148, 173, 177, 113, 93, 97, 137, 126, 79, 59, 80, 81, 67, 71, 123, 139, 158, 209, 196,
    207, 291, 276, 311,
];
/// And on each day of the week, from Monday on.
const BEGUN_BY_DAY: [u32; 7] = [898, 306, 284, 486, 702, 579, 349];

/// When conversations begin: more in the busy hours of a week, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct Week {
    /// Which share of a week's conversations has begun at the end of each hour.
    cumulative: Vec<f64>,
}

impl Week {
    pub(crate) fn new() -> Self {
        let whole: u32 = BEGUN_BY_HOUR.iter().sum::<u32>() * BEGUN_BY_DAY.iter().sum::<u32>();
        let mut sum = 0;
        let cumulative = BEGUN_BY_DAY
            .iter()
            .flat_map(|day| BEGUN_BY_HOUR.map(|hour| day * hour))
            .map(|begun| {
                sum += begun;
                f64::from(sum) / f64::from(whole)
            })
            .collect();
        Self { cumulative }
    }

    /// Moves a time of an even flow to where it lies in one that comes and goes with the week. Whole
    /// weeks stay where they are, and so does the order.
    pub(crate) fn warp(&self, unix_s: i64) -> i64 {
        let since_monday = (unix_s + MONDAY_TO_1970_S).rem_euclid(WEEK_S);
        let monday_s = unix_s - since_monday;
        let share = since_monday as f64 / WEEK_S as f64;
        let hour = self.cumulative.partition_point(|begun| *begun <= share).min(WEEK_HOURS - 1);
        let before = if hour == 0 { 0.0 } else { self.cumulative[hour - 1] };
        let way = (share - before) / (self.cumulative[hour] - before);
        monday_s + ((hour as f64 + way) * HOUR_S) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(quantiles: &Quantiles) -> Vec<f64> {
        let mut values: Vec<f64> =
            (0..20_000).map(|n| quantiles.draw(&mut Random::at(7, n))).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn what_is_drawn_has_the_quantiles_that_were_counted() {
        for quantiles in [&MESSAGES, &GAP_S] {
            let values = drawn(quantiles);
            for (share, value) in quantiles.points.iter().filter(|(share, _)| *share < 0.995) {
                let found = values[(share * values.len() as f64) as usize];
                assert!(
                    (found - value).abs() <= value * 0.15 + 1.0,
                    "{share}: {found}, not {value}"
                );
            }
        }
    }

    #[test]
    fn the_mean_length_is_the_one_of_the_examples() {
        let values = drawn(&MESSAGES);
        let mean = values.iter().map(|value| value.round()).sum::<f64>() / values.len() as f64;
        assert!((12.4..13.4).contains(&mean), "{mean}");
    }

    #[test]
    fn busy_hours_have_more_and_the_order_stays() {
        let week = Week::new();
        // 2025-01-06, a Monday.
        let monday_s = 1_736_121_600;
        let times: Vec<i64> = (0..10_080).map(|minute| week.warp(monday_s + minute * 60)).collect();
        assert!(times.is_sorted());
        assert_eq!(times[0], monday_s);
        let on = |day: i64, hour: i64| {
            let from_s = monday_s + day * 86_400 + hour * 3_600;
            times.iter().filter(|time| (from_s..from_s + 3_600).contains(*time)).count()
        };
        // Of 10,080 conversations: 898 of 3,604 on a Monday, and 311 of 3,604 of those in its last hour.
        assert!((210..=224).contains(&on(0, 23)), "{}", on(0, 23));
        assert!((10..=17).contains(&on(2, 10)), "{}", on(2, 10));
    }
}
