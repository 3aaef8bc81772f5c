"""Every table of ours (DBOS's and LangGraph's tables are theirs). Personal data is in `vault` alone."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.store import tables_people
from assistant.store.columns import ID as _Id
from assistant.store.columns import NAME as _Name
from assistant.store.columns import REF as _Ref
from assistant.store.columns import SERIAL as _Serial
from assistant.store.columns import column as _col
from assistant.store.types import Json, UtcDateTime

metadata = tables_people.metadata  # both modules' tables are in it, whoever imports this one

# -- intake ---------------------------------------------------------------------------------------------------------

events = sa.Table(
    "events", metadata,
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("source", _Ref), _col("id", _Ref), _col("type", _Name),
    _col("subject", _Ref, nullable=True), _col("checkout_id", _Ref, nullable=True),
    _col("payment_id", _Ref, nullable=True),
    _col("at", UtcDateTime), _col("received_at", UtcDateTime),
    _col("body_hash", sa.String(64)),  # of the event as it was sent: the same id with another body is a conflict
    _col("data", Json),  # masked
    _col("vault_ref", _Id, nullable=True),
    sa.UniqueConstraint("source", "id"),
    sa.Index("ix_events_checkout_id", "checkout_id"),
    sa.Index(  # payment events that nobody could give a checkout yet
        "ix_events_unmatched", "payment_id",
        sqlite_where=sa.text("checkout_id IS NULL AND payment_id IS NOT NULL"),
        postgresql_where=sa.text("checkout_id IS NULL AND payment_id IS NOT NULL"),
    ),
)  # fmt: skip

rejected_events = sa.Table(
    "rejected_events", metadata,
    _col("id", _Id, primary_key=True),
    _col("event_id", _Ref, nullable=True), _col("source", _Ref, nullable=True),
    _col("code", _Name), _col("detail", sa.Text), _col("body_hash", sa.String(64)),
    _col("vault_ref", _Id, nullable=True),  # the whole event; none for one that carried a card number
    _col("received_at", UtcDateTime), _col("replayed_at", UtcDateTime, nullable=True),
    sa.Index("ix_rejected_events_received_at", "received_at"),
)  # fmt: skip

checkouts = sa.Table(
    "checkouts", metadata,
    _col("checkout_id", _Ref, primary_key=True),
    _col("customer_id", _Ref, nullable=True, index=True),
    _col("customer_ref", _Ref),  # whose vault key its personal fields are under
    _col("snapshot", Json),
    _col("version", sa.Integer),  # rises with each writing
    _col("updated_at", UtcDateTime),
    _col("latest_event_at", UtcDateTime, nullable=True),
)  # fmt: skip

read_backs = sa.Table(
    "read_backs", metadata,
    _col("checkout_id", _Ref, primary_key=True), _col("at", UtcDateTime),
    _col("facts", Json),  # {part: {at, value (masked), ref (vault) | null}}: the latest read-back of each part
)  # fmt: skip

payment_index = sa.Table(
    "payment_index", metadata,
    _col("payment_id", _Ref, primary_key=True), _col("checkout_id", _Ref),
)  # fmt: skip

purchases = sa.Table(
    "purchases", metadata,  # every checkout by its customer, fed after it was folded: faults across checkouts
    _col("checkout_id", _Ref, primary_key=True), _col("customer_id", _Ref),
    _col("basket", _Name), _col("purchase", Json),  # Purchase
    _col("submitted_at", UtcDateTime, nullable=True), _col("updated_at", UtcDateTime),
    sa.Index("ix_purchases_customer", "customer_id", "submitted_at"),
)  # fmt: skip

stock_watch = sa.Table(
    "stock_watch", metadata,  # what was last said about a sku's stock by whom
    _col("sku", _Ref, primary_key=True), _col("on_hand", sa.BigInteger), _col("available", sa.BigInteger),
    _col("shop_listed", sa.BigInteger, nullable=True),
    _col("differs_since", UtcDateTime, nullable=True),  # None while shop and inventory system agree
    _col("at", UtcDateTime), _col("evidence", Json),
)  # fmt: skip

models = sa.Table(
    "models", metadata,  # trained models; the newest of a kind that is not withdrawn is in force
    _col("kind", _Name, primary_key=True), _col("version", sa.Integer, primary_key=True),
    _col("created_at", UtcDateTime), _col("card", Json),  # what it was trained on, its features and measured rates
    _col("artefact", sa.LargeBinary), _col("withdrawn_at", UtcDateTime, nullable=True),
)  # fmt: skip

sweep_cursors = sa.Table(
    "sweep_cursors", metadata,
    _col("kind", _Name, primary_key=True), _col("updated_since", UtcDateTime, nullable=True),
    _col("cursor", sa.Text, nullable=True), _col("newest", UtcDateTime, nullable=True),
    _col("swept_at", UtcDateTime, nullable=True),
)  # fmt: skip

# -- cases ----------------------------------------------------------------------------------------------------------

cases = sa.Table(
    "cases", metadata,
    _col("id", _Id, primary_key=True),
    _col("subject_kind", _Name), _col("subject_id", _Ref),
    _col("checkout_id", _Ref, nullable=True, index=True), _col("order_id", _Ref, nullable=True, index=True),
    _col("customer_id", _Ref, nullable=True, index=True), _col("language", _Name, nullable=True),
    _col("faults", Json), _col("fault_codes", sa.Text),  # codes as ",a,b," to filter by
    _col("severity", _Name), _col("severity_rank", sa.Integer), _col("priority", sa.Integer),
    _col("priority_terms", Json),
    _col("value_amount", sa.BigInteger, nullable=True), _col("value_currency", sa.String(3), nullable=True),
    _col("status", _Name), _col("root_cause", Json, nullable=True),
    _col("plan_version", sa.Integer, default=0),
    _col("owner_kind", _Name, nullable=True), _col("owner_id", _Name, nullable=True),
    _col("owner_name", _Name, nullable=True),
    _col("detectable_at", UtcDateTime), _col("detected_at", UtcDateTime), _col("queued_at", UtcDateTime),
    _col("due_at", UtcDateTime), _col("first_action_at", UtcDateTime, nullable=True),
    _col("resolved_at", UtcDateTime, nullable=True), _col("closed_at", UtcDateTime, nullable=True),
    _col("snoozed_until", UtcDateTime, nullable=True), _col("merged_into", _Id, nullable=True),
    _col("resolution", _Name, nullable=True),
    _col("proven_at", UtcDateTime, nullable=True),  # the read-back after the last write that found it whole
    _col("episode", sa.Integer, default=1), _col("episode_plan", sa.Integer, default=1),  # its first plan version
    _col("rounds", sa.Integer, default=0), _col("failed_repairs", sa.Integer, default=0),
    _col("retries", sa.Integer, default=0), _col("by_approval", sa.Boolean, default=False),
    _col("settled", Json, default=list),  # fingerprints of findings that were dealt with
    _col("live", sa.Boolean, default=True),  # false: older than the live window: detect only
    # people and their clocks
    _col("told_at", UtcDateTime, nullable=True),  # when staff were first told of this episode
    _col("claimed_at", UtcDateTime, nullable=True),  # when its person said that they are at it
    _col("handed_off_at", UtcDateTime, nullable=True),  # this episode's first hand-off
    _col("handed_off_why", _Name, nullable=True),  # the reason's code of the latest one
    _col("waiting_since", UtcDateTime, nullable=True),  # for the customer's answer; None while it does not
    _col("waited_seconds", sa.Float, default=0.0),  # for the customer's answers in this episode, ended waits only
    _col("done_at", UtcDateTime, nullable=True),  # when this episode was first resolved or handed over
    _col("done_waited", sa.Float, nullable=True),  # the seconds waited for the customer until then
    # concurrency rule 1
    _col("generation", sa.Integer, default=0), _col("running", sa.Integer, nullable=True),
    _col("wake", sa.Boolean, default=False),
    _col("version", sa.Integer, default=1), _col("updated_at", UtcDateTime),
    sa.Index("ix_cases_queue", "status", "severity_rank", "priority"),
    sa.Index("ix_cases_updated_at", "updated_at"),
    sa.Index("ix_cases_detected_at", "detected_at"),
    sa.Index("ix_cases_resolved_at", "resolved_at"),
    sa.Index(  # journeys queued or under way
        "ix_cases_running", "severity_rank",
        sqlite_where=sa.text("running IS NOT NULL"), postgresql_where=sa.text("running IS NOT NULL"),
    ),
    sa.Index(
        "uq_cases_open_subject", "subject_kind", "subject_id", unique=True,
        sqlite_where=sa.text("status NOT IN ('resolved', 'closed')"),
        postgresql_where=sa.text("status NOT IN ('resolved', 'closed')"),
    ),
)  # fmt: skip

past_levels = sa.Table(
    "past_levels", metadata,  # service levels of ended episodes, where they count: the case's row forgets them
    _col("case_id", _Id, primary_key=True), _col("episode", sa.Integer, primary_key=True),
    _col("severity", _Name), _col("promise", _Name), _col("since", UtcDateTime), _col("due_at", UtcDateTime),
    _col("kept_at", UtcDateTime, nullable=True), _col("settled_at", UtcDateTime),
    _col("measured_seconds", sa.Float), _col("waited_seconds", sa.Float), _col("met", sa.Boolean),
    sa.Index("ix_past_levels_settled_at", "settled_at"),
)  # fmt: skip

past_endings = sa.Table(
    "past_endings", metadata,  # how a case stood when it was taken up again: what the figures need of it, for good
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("case_id", _Id), _col("episode", sa.Integer),
    _col("reopened_at", UtcDateTime),
    _col("within", sa.Boolean),  # it went on in the same episode: no end after all
    _col("severity", _Name), _col("fault_codes", sa.Text), _col("status", _Name), _col("live", sa.Boolean),
    _col("value_amount", sa.BigInteger, nullable=True), _col("value_currency", sa.String(3), nullable=True),
    _col("detectable_at", UtcDateTime), _col("detected_at", UtcDateTime), _col("queued_at", UtcDateTime),
    _col("due_at", UtcDateTime), _col("first_action_at", UtcDateTime, nullable=True),
    _col("told_at", UtcDateTime, nullable=True), _col("handed_off_at", UtcDateTime, nullable=True),
    _col("waited_seconds", sa.Float), _col("done_at", UtcDateTime, nullable=True),
    _col("done_waited", sa.Float, nullable=True), _col("merged_into", _Id, nullable=True),
    _col("resolved_at", UtcDateTime), _col("resolution", _Name), _col("proven_at", UtcDateTime, nullable=True),
    _col("episode_plan", sa.Integer), _col("plan_version", sa.Integer),
    sa.Index("ix_past_endings_case_id", "case_id", "episode"),
    sa.Index("ix_past_endings_resolved_at", "resolved_at"),
)  # fmt: skip

timeline = sa.Table(
    "timeline", metadata,
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("case_id", _Id), _col("at", UtcDateTime), _col("actor", _Name), _col("what", Json), _col("evidence", Json),
    sa.Index("ix_timeline_case_id", "case_id", "seq"),
)  # fmt: skip

plans = sa.Table(
    "plans", metadata,
    _col("case_id", _Id, primary_key=True), _col("version", sa.Integer, primary_key=True),
    _col("fault", _Name),
    _col("state", _Name),  # ready, awaiting, approved, rejected, expired, done, failed, superseded
    _col("plan", Json), _col("needs_human", Json),
    _col("expires_at", UtcDateTime, nullable=True), _col("decided_by", _Name, nullable=True),
    _col("decided_at", UtcDateTime, nullable=True), _col("reason", sa.Text, nullable=True),
    _col("policy_version", _Name), _col("created_at", UtcDateTime),
    _col("role", _Name, nullable=True),  # the least role that may approve it; none where nobody has to
    _col("edited_from", sa.Integer, nullable=True), _col("undoes", sa.Integer, nullable=True),  # another version
    _col("suggestion", _Id, nullable=True),  # the suggestion a person chose it from
)  # fmt: skip

looks = sa.Table(
    "looks", metadata,  # what was known when a journey decided, so that it can be replayed; masked
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("case_id", _Id), _col("generation", sa.Integer), _col("at", UtcDateTime),
    _col("snapshot", Json), _col("facts", Json), _col("context", Json), _col("findings", Json),
    _col("decision", Json), _col("policy_version", _Name),
    sa.Index("ix_looks_case_id", "case_id", "seq"),
)  # fmt: skip

plan_steps = sa.Table(
    "plan_steps", metadata,
    _col("id", _Id, primary_key=True), _col("case_id", _Id), _col("version", sa.Integer),
    _col("position", sa.Integer),
    _col("step", Json),  # PlanStep
    _col("needs_approval", sa.Boolean), _col("status", _Name),  # pending, running, done, failed, skipped
    _col("result", Json, nullable=True),
    sa.Index("ix_plan_steps_case_id", "case_id", "version", "position"),
)  # fmt: skip

effects = sa.Table(
    "effects", metadata,
    _col("id", _Id, primary_key=True),
    _col("case_id", _Id), _col("step_id", _Id), _col("attempt", sa.Integer),
    _col("action", _Name), _col("target", _Ref), _col("arguments", Json),
    _col("method", _Name), _col("path", sa.Text), _col("body_ref", _Id),  # the exact bytes, in the vault
    _col("body_hash", sa.String(64)), _col("if_match", _Name, nullable=True), _col("key", _Name, unique=True),
    _col("state", _Name),  # intended, ok, rejected, unknown
    _col("outcome", Json, nullable=True), _col("principal", _Name), _col("policy_version", _Name),
    _col("created_at", UtcDateTime), _col("settled_at", UtcDateTime, nullable=True),
    sa.Index("ix_effects_case_id", "case_id", "created_at"),
    sa.UniqueConstraint("step_id", "attempt"),
    sa.Index(
        "uq_effects_unsettled_target", "target", unique=True,
        sqlite_where=sa.text("state IN ('intended', 'unknown')"),
        postgresql_where=sa.text("state IN ('intended', 'unknown')"),
    ),
)  # fmt: skip

spending = sa.Table(
    "spending", metadata,
    _col("step_id", _Id, primary_key=True), _col("case_id", _Id, index=True),
    _col("customer_id", _Ref, nullable=True),
    _col("amount", sa.BigInteger), _col("currency", sa.String(3)), _col("at", UtcDateTime),
    _col("approved_by", _Name, nullable=True),
    sa.Index("ix_spending_customer", "customer_id", "at"),
)  # fmt: skip

incidents = sa.Table(
    "incidents", metadata,  # one row per repair begun: fault and sku, for the budget per hour
    _col("case_id", _Id, primary_key=True), _col("fault", _Name, primary_key=True),
    _col("sku", _Ref, primary_key=True),
    _col("at", UtcDateTime),
    _col("incident", _Id, nullable=True),  # the incident's case, where the budget was used up: it waits for that one
    sa.Index("ix_incidents_fault_sku_at", "fault", "sku", "at"),
)  # fmt: skip

messages = sa.Table(
    "messages", metadata,
    _col("dedupe_key", _Name, primary_key=True), _col("case_id", _Id), _col("episode", sa.Integer),
    _col("occasion", _Name),
    _col("checkout_id", _Ref, nullable=True), _col("customer_id", _Ref, nullable=True),
    _col("channel", _Name, nullable=True), _col("language", _Name), _col("phrase", _Name), _col("choices", Json),
    _col("state", _Name),  # held, queued, intended, sending, accepted, delivered, failed, withdrawn
    _col("at", UtcDateTime), _col("replied_at", UtcDateTime, nullable=True), _col("choice", _Ref, nullable=True),
    _col("reply_ref", _Id, nullable=True), _col("timed_out", sa.Boolean, default=False),
    _col("source", _Name, nullable=True),  # where its wording is: a fault's code, or `handoff`, `promises`, `followup`
    _col("params", Json, nullable=True),  # of the phrase; nothing personal
    _col("via", _Name, nullable=True),  # shop, smtp, sms or inbox: who carries it
    _col("provider_ref", _Ref, nullable=True),  # the carrier's name for it: Message-ID, SMS id
    _col("text_ref", _Id, nullable=True),  # what was said, in the vault
    _col("held_until", UtcDateTime, nullable=True), _col("attempts", sa.Integer, default=0),
    _col("accepted_at", UtcDateTime, nullable=True), _col("delivered_at", UtcDateTime, nullable=True),
    _col("failed_at", UtcDateTime, nullable=True), _col("failure", _Name, nullable=True),
    _col("asks", sa.Boolean, default=False),  # whether the case waits for its answer
    _col("way", Json, nullable=True),  # Way: the routes it has tried; None for one that a plan's step has sent itself
    sa.Index("ix_messages_case_id", "case_id"),
    sa.Index("ix_messages_provider_ref", "provider_ref"),
    sa.Index("ix_messages_customer_id", "customer_id", "at"),
)  # fmt: skip

# -- what waits -----------------------------------------------------------------------------------------------------

timers = sa.Table(
    "timers", metadata,
    _col("kind", _Name, primary_key=True), _col("subject", _Ref, primary_key=True),
    _col("due_at", UtcDateTime), _col("generation", sa.Integer, nullable=True), _col("payload", Json, nullable=True),
    _col("version", sa.Integer, default=1),  # rises with each setting: whoever fires deletes only what it fired
    _col("attempts", sa.Integer, default=0), _col("leased_until", UtcDateTime, nullable=True),
    sa.Index("ix_timers_due_at", "due_at"),
)  # fmt: skip

outbox = sa.Table(
    "outbox", metadata,  # derived data to write after commit: the library's index
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("kind", _Name), _col("subject", _Ref), _col("created_at", UtcDateTime),
    _col("attempts", sa.Integer, default=0),
)  # fmt: skip

workers = sa.Table(
    "workers", metadata,
    _col("executor_id", _Name, primary_key=True), _col("number", sa.BigInteger), _col("started_at", UtcDateTime),
    _col("stopped_at", UtcDateTime, nullable=True),
)  # fmt: skip

# -- people and secrets ---------------------------------------------------------------------------------------------

api_keys = sa.Table(
    "api_keys", metadata,
    _col("id", _Id, primary_key=True), _col("name", _Name), _col("hash", sa.String(64), unique=True),
    _col("scopes", Json), _col("role", _Name, nullable=True), _col("created_at", UtcDateTime),
    _col("revoked_at", UtcDateTime, nullable=True),
)  # fmt: skip

vault_keys = sa.Table(
    "vault_keys", metadata,
    _col("customer_ref", _Ref, primary_key=True), _col("wrapped_key", sa.LargeBinary, nullable=True),
    _col("generation", sa.Integer, default=1),  # rises with each destruction: older values stay unreadable
    _col("created_at", UtcDateTime), _col("destroyed_at", UtcDateTime, nullable=True),
)  # fmt: skip

vault = sa.Table(
    "vault", metadata,
    _col("ref", _Id, primary_key=True), _col("customer_ref", _Ref, index=True), _col("kind", _Name),
    _col("generation", sa.Integer),  # of the key it is under
    _col("ciphertext", sa.LargeBinary), _col("created_at", UtcDateTime),
)  # fmt: skip

chat_sessions = sa.Table(
    "chat_sessions", metadata,  # customers' conversations
    _col("id", _Id, primary_key=True), _col("customer_id", _Ref, index=True), _col("language", _Name),
    _col("checkout_id", _Ref, nullable=True),  # what it is about, where that is known
    _col("case_id", _Id, nullable=True, index=True),
    _col("state", _Name),  # open, with_person (the machine is silent), ended
    _col("handed_off_at", UtcDateTime, nullable=True), _col("expected_by", UtcDateTime, nullable=True),
    _col("seen_at", UtcDateTime, nullable=True),  # when the customer's page was last there
    _col("turn", _Id, nullable=True), _col("turn_until", UtcDateTime, nullable=True),  # the answer under way: a lease
    _col("created_at", UtcDateTime), _col("last_at", UtcDateTime), _col("version", sa.Integer, default=1),
)  # fmt: skip

suggestions = sa.Table(
    "suggestions", metadata,  # what the copilot suggested to people, and what they made of it
    _col("id", _Id, primary_key=True), _col("case_id", _Id, index=True), _col("episode", sa.Integer),
    _col("fault", _Name), _col("option", _Ref),  # the action, or several as `create_order+confirm_order`
    _col("kind", _Name),  # plan, hand_off, wait, …: what accepting it does
    _col("plan_version", sa.Integer), _col("plan", Json, nullable=True),  # the plan it stands for
    _col("place", sa.Integer), _col("confidence", sa.Float), _col("features", Json), _col("shown", Json),
    _col("state", _Name),  # open, proposed (its plan waits), accepted, edited, rejected
    _col("at", UtcDateTime), _col("decided_at", UtcDateTime, nullable=True),
    _col("decided_by", _Name, nullable=True), _col("reason", sa.Text, nullable=True),
    _col("difference", Json, nullable=True),  # what a person changed in it
    sa.Index("ix_suggestions_fault", "fault", "option", "state"),
)  # fmt: skip

chat_messages = sa.Table(
    "chat_messages", metadata,
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("id", _Id, unique=True), _col("case_id", _Id),  # empty while a customer's conversation is about no case
    _col("conversation", _Name), _col("role", _Name),  # user, assistant, staff
    _col("language", _Name), _col("text_ref", _Id), _col("sources", Json), _col("model", _Name, nullable=True),
    _col("at", UtcDateTime),
    _col("session_id", _Id, nullable=True),  # a customer's conversation
    _col("extra", Json, nullable=True),  # what came with it: {choices, cards, handoff}
    _col("origin", _Ref, nullable=True, unique=True),  # what put it there, once: `inbox:SEQ`, a client's own id, …
    sa.Index("ix_chat_messages_session_id", "session_id", "seq"),
    sa.Index("ix_chat_messages_conversation", "conversation", "seq"),
)  # fmt: skip
