//! Sixty passwords on the way by which teammates get one.

use recado_protocol::{ConversationAccess, Role};
use recado_server::backend::{BackendError, NewTeammate};

use crate::harness::TestServer;

const ACCEPTED: [&str; 30] = [
    // Long, of words, without a capital, a digit or a sign.
    "gargling otter quilt",
    "correct horse battery staple",
    "alllowercasebutoddwords",
    "the kettle sings at dawn",
    "seven blue umbrellas drift",
    "my recado inbox is seldom empty",
    "mario paints lighthouses on sundays",
    // Spaces and control signs are signs like others.
    " leading and trailing space ",
    "tab\tand\nnewline and more",
    "nul\0 in the midst of it",
    // Any script, any sign.
    "паляниця зі сметаною",
    "今日は朝から海辺を三時間ほど歩いた",
    "ξεσκεπάζω την ψυχοφθόρα",
    "قمرٌ فوق الجبل البعيد",
    "ฝนตกที่บ้านริมคลอง",
    "मैं नदी के किनारे चला",
    "năm con chim trên cây",
    "łódź płynie pod mostem",
    "🦊🐢🪁🧵🫖🛶🥁🪵🧦🐌🦑🪆🧂🛸🪐",
    "e\u{301}k9vTq2w",
    // Short, by chance: a second factor is always asked for.
    "k9#vTq2w",
    "Zt4!mWq8",
    "9fJ^x2Lp",
    "h7&Kd0vR",
    "7c1e9ab2f04d8356",
    "x7Kq!vbT9zLw2#pM",
    "c2f8a1d97be04563fa",
    "Tr0ub4dor&3 is no more",
    "qW8$zN5@rB1^",
    "wv7-jx2-kp9-qd4",
];

const REFUSED: [(&str, &str); 30] = [
    ("", "characters"),
    ("a", "characters"),
    ("k9#vTq2", "characters"),
    ("e\u{301}k9vTq2", "characters"),
    ("       ", "characters"),
    ("🦊🐢🪁🧵🫖🛶🥁", "characters"),
    ("password", "common"),
    ("password1", "common"),
    ("Password123", "common"),
    ("P@ssw0rd", "common"),
    ("P@ssw0rdP@ssw0rd", "common"),
    ("passwordpassword", "common"),
    ("iloveyou", "common"),
    ("sunshine", "common"),
    ("sunshineprincess1", "common"),
    ("football", "common"),
    ("princess", "common"),
    ("aaaaaaaaaaaaaaaa", "repeat"),
    ("xk2xk2xk2xk2xk2xk2", "repeat"),
    ("!!!!!!!!!!!!", "repeat"),
    ("abababababababab", "repeat"),
    ("abcdefghijklmnopq", "keyboard"),
    ("qwertyuiopasdfghjkl", "keyboard"),
    ("98765432109876543", "keyboard"),
    ("recado-recado-2026", "little more"),
    ("Recado-Support-2026", "little more"),
    ("harbour coffee 2026", "little more"),
    ("HarbourCoffee2026!", "little more"),
    ("mario.rossi@recado", "little more"),
    ("rossi-password-12", "little more"),
];

#[tokio::test(flavor = "multi_thread")]
async fn sixty_passwords_are_taken_or_refused_for_their_reason_where_teammates_get_one() {
    let server = TestServer::start_named("Harbour Coffee").await;
    let give = async |number: usize, password: &str| {
        let new = NewTeammate {
            // The address and the name are as guessable for each.
            email: format!("mario.rossi+{number}@harbour.example"),
            name: "Mario Rossi".to_owned(),
            role: Role::Agent,
            access: ConversationAccess::all(),
            teams: Vec::new(),
            password: Some(password.to_owned()),
        };
        server.running.backend().add_teammate(new).await
    };
    for (number, password) in ACCEPTED.iter().enumerate() {
        let outcome = give(number, password).await.map(drop);
        assert!(outcome.is_ok(), "{password:?}: {:?}", outcome.map_err(|error| error.to_string()));
    }
    for (number, (password, reason)) in REFUSED.iter().enumerate() {
        match give(100 + number, password).await.map(drop) {
            Err(BackendError::Refused(sentence)) => {
                assert!(sentence.contains(reason), "{password:?}: {sentence}");
                // The word itself belongs to the sentence.
                let shown = sentence.replace("another password", "another");
                let told = password.chars().count() > 3 && shown.contains(password);
                assert!(!told, "the sentence repeats the password: {sentence}");
            }
            other => panic!("{password:?}: {other:?}"),
        }
    }
    let longest: String = "gargling otter quilt, ".chars().cycle().take(1_024).collect();
    assert!(give(200, &format!("{longest}x")).await.is_err(), "one byte too long");
}
