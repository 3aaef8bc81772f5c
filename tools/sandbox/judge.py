"""Says for every checkout whether it ended well and whether the invariants hold; used by tests and the
command line."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from rich.table import Table

from tools.sandbox.endstate import MONEY_OPEN, Around, end_state
from tools.sandbox.invariants import Finding, check, check_stock
from tools.sandbox.model import Json

OK, OWNED, NEEDS_OWNER, BAD = "ok", "owned", "needs owner", "bad"
MISPRICED = ("price_mismatch", "amount_mismatch", "coupon_misapplied")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`owned`: not repaired, but a person or team has the case; `needs owner`: allowed only if that is so.

    `acceptable` is stricter: whether this story may end so. An owner is enough only where the truth says that no
    machine could have settled it (a human's code, a customer who doesn't answer, too much money); None while nobody
    said who owns what. `checkout_id` is the sku's or the payment's id where the story is about one.
    """

    checkout_id: str
    fault: str | None
    hard_negative: str | None
    state: str
    verdict: str
    disturbed: bool = False
    acceptable: bool | None = None
    machine_repairable: bool = False
    variant: str | None = None


@dataclass
class Verdicts:
    rows: list[Verdict] = field(default_factory=list)
    violations: list[Finding] = field(default_factory=list)

    @property
    def green(self) -> bool:
        """Nothing ended badly and no invariant is violated."""
        return not self.bad and not self.violations

    @property
    def bad(self) -> list[Verdict]:
        return [row for row in self.rows if row.verdict == BAD]

    @property
    def needing_owner(self) -> list[Verdict]:
        return [row for row in self.rows if row.verdict == NEEDS_OWNER]

    @property
    def disturbed(self) -> list[Verdict]:
        """Healthy checkouts whose customer was written to all the same."""
        return [row for row in self.rows if row.disturbed]

    def of(self, checkout_id: str) -> Verdict:
        return next(row for row in self.rows if row.checkout_id == checkout_id)

    def report(self) -> Json:
        """For machines: counts, how each one ended, and the rows that are not well."""
        return {
            "green": self.green,
            "checkouts": len(self.rows),
            "ends": [asdict(row) for row in self.rows],
            "verdicts": dict(Counter(row.verdict for row in self.rows)),
            "disturbed": [row.checkout_id for row in self.disturbed],
            "states": {row.checkout_id: (row.state, row.verdict) for row in self.rows},
            "bad": [(row.checkout_id, row.fault or row.hard_negative, row.state) for row in self.bad],
            "needs_owner": [(row.checkout_id, row.fault, row.state) for row in self.needing_owner],
            "violations": [{"invariant": n, "subject": subject, "what": what} for n, subject, what in self.violations],
        }


def judge(
    truth: dict[str, Json], state: Json, open_cases: Iterable[str] | None = None, *, house: bool = True
) -> Verdicts:
    """`state` is what the operator's door tells; `open_cases` are checkouts (skus, payments) of which a named owner
    has the case (or a timer waits for the customer). Without it, states that need an owner are listed apart.
    `house=False` leaves out the counters of the whole warehouse."""
    owned = None if open_cases is None else set(open_cases)
    verdicts = Verdicts(violations=list(check_stock(state)) if house else [])
    verdicts.rows += [_name(row, where, owned) for row, where in _without_checkout(truth, state)]
    for around in gather(state):
        row = truth.get(around.checkout["id"])
        if row is None:
            continue
        verdict = _judge(around, row, owned)
        verdicts.rows.append(verdict)
        excused = verdict.verdict in (OWNED, NEEDS_OWNER)
        verdicts.violations += [one for one in check(around) if not (excused and one[0] == 3)]
        if (
            row["fault"] == "abandoned_checkout"
            and around.messages
            and not (around.customer or {}).get("marketing_consent", True)
        ):
            verdicts.violations.append((8, row["checkout_id"], "reminded without marketing consent"))
        if verdict.verdict == BAD and verdict.state in MONEY_OPEN:
            verdicts.violations.append((1, row["checkout_id"], f"money at rest disagrees: {verdict.state}"))
        if verdict.state == "total_differs" and row["fault"] not in MISPRICED:
            verdicts.violations.append((5, row["checkout_id"], "the customer pays more than was agreed"))
    return verdicts


def _judge(around: Around, row: Json, owned: set[str] | None) -> Verdict:
    state = end_state(around, row["agreed_total"]["amount"], row.get("addresses"))
    return _name(row, state, owned, disturbed=row["fault"] is None and bool(around.messages))


def _name(row: Json, state: str, owned: set[str] | None, *, disturbed: bool = False) -> Verdict:
    acceptable: bool | None
    by_owner = row["human_only"] or f"{state}+owner" in row["acceptable"]
    if state in row["acceptable"]:
        verdict, acceptable = OK, True
    elif owned is None:
        verdict, acceptable = (NEEDS_OWNER, None) if by_owner else (BAD, False)
    elif row["checkout_id"] in owned:
        verdict, acceptable = OWNED, by_owner
    else:
        verdict, acceptable = BAD, False
    return Verdict(
        checkout_id=row["checkout_id"],
        fault=row["fault"],
        hard_negative=row["hard_negative"],
        state=state,
        verdict=verdict,
        disturbed=disturbed,
        acceptable=acceptable,
        machine_repairable=row["machine_repairable"],
        variant=row["variant"],
    )


def _without_checkout(truth: dict[str, Json], state: Json) -> Iterator[tuple[Json, str]]:
    """The rows about skus and stray payments, and where each of them stands."""
    stocks = {stock["id"]: stock for stock in state["stocks"]}
    for row in truth.values():
        kind = row["subject"]["kind"]
        if kind == "payment":
            yield row, "stray_payment"
        elif kind == "sku" and row["checkout_id"] in stocks:
            stock = stocks[row["checkout_id"]]
            agree = stock["shop_listed"] == max(0, stock["on_hand"] - stock["reserved"])
            yield row, "in_step" if agree else "out_of_step"


def gather(state: Json) -> list[Around]:
    """Every checkout with what belongs to it."""
    found = {one["id"]: Around(one, state["now"]) for one in state["checkouts"]}
    payer = {payment["id"]: payment["checkout_id"] for payment in state["payments"]}
    customers = {customer["id"]: customer for customer in state["customers"]}
    for kind in ("orders", "payments", "reservations", "messages"):
        for record in state[kind]:
            if record["checkout_id"] in found:
                getattr(found[record["checkout_id"]], kind).append(record)
    for refund in state["refunds"]:
        found[payer[refund["payment_id"]]].refunds.append(refund)
    for around in found.values():
        around.customer = customers.get(around.checkout["customer_id"] or "")
    return list(found.values())


def table(verdicts: Verdicts) -> Table:
    """One line per kind of story: how many, how they ended, in which states."""
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for row in verdicts.rows:
        groups[row.fault or f"healthy: {row.hard_negative or 'ordinary'}"].append(row)
    view = Table(title="How every checkout ended", title_justify="left")
    view.add_column("story")
    for heading in ("all", OK, OWNED, NEEDS_OWNER, BAD):
        view.add_column(heading, justify="right")
    view.add_column("end states")
    for name in sorted(groups, key=lambda key: (key.startswith("healthy"), key)):
        rows = groups[name]
        counts = Counter(row.verdict for row in rows)
        states = ", ".join(f"{state} {n}" for state, n in Counter(row.state for row in rows).most_common())
        figures = [str(len(rows)), *(str(counts[kind] or "") for kind in (OK, OWNED, NEEDS_OWNER, BAD))]
        view.add_row(name, *figures, states, style="red" if counts[BAD] else "")
    return view
