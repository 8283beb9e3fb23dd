//! Several rows in one statement.

use super::{Value, placeholders};

/// Batches of exactly `size`, and what is left one by one, so that a statement has two forms only.
pub(super) fn in_batches<T>(items: &[T], size: usize) -> impl Iterator<Item = &[T]> {
    let batches = items.chunks_exact(size);
    let rest = batches.remainder().chunks(1);
    batches.chain(rest)
}

/// The text after `VALUES` for rows of one length, and their parameters.
pub(super) fn values_list(rows: Vec<Vec<Value>>) -> (String, Vec<Value>) {
    let mut first = 1;
    let mut lists = Vec::with_capacity(rows.len());
    let mut params = Vec::new();
    for row in rows {
        lists.push(format!("({})", placeholders(first, row.len())));
        first += row.len();
        params.extend(row);
    }
    (lists.join(", "), params)
}

#[cfg(test)]
mod tests {
    use super::{Value, in_batches, values_list};

    #[test]
    fn every_item_is_in_one_batch() {
        let batches: Vec<_> = in_batches(&[1, 2, 3, 4, 5], 2).collect();
        assert_eq!(batches, [&[1, 2][..], &[3, 4], &[5]]);
        assert_eq!(in_batches::<i32>(&[], 2).count(), 0);
    }

    #[test]
    fn rows_are_numbered_through() {
        let row = || vec![Value::Null, Value::Bool(true)];
        let (text, params) = values_list(vec![row(), row()]);
        assert_eq!((text.as_str(), params.len()), ("(?1, ?2), (?3, ?4)", 4));
    }
}
