"""Who came second: the next best for each member, at the awards as they stand."""

from infraplan.procurement.pooling.bills import CURRENT, Award, Bill, bill_of, current_bill
from infraplan.procurement.pooling.inputs import ZERO


def runners_up(award: Award) -> list[Bill | None]:
    """Return, for every demand, its cheapest other choice before discount; None where nothing else serves it.

    A bid that has won is priced at the tier it has reached and needs room left; its fixed cost is paid already. A bid
    that has not is priced alone, with its whole fixed cost. Bundles are left out: they cannot take one member more.
    """
    inputs = award.inputs
    best: list[Bill | None] = [None] * len(inputs.demands)

    def offer_second(bill: Bill) -> None:
        second = best[bill.demand]
        if bill.choice != award.choice[bill.demand] and (second is None or bill.pre_discount < second.pre_discount):
            best[bill.demand] = bill

    for index, demand in enumerate(inputs.demands):
        if demand.current is not None and award.choice[index] != CURRENT and inputs.policy.may_keep_current:
            offer_second(current_bill(inputs, index))
    for offer in inputs.offers:
        bid, demand = inputs.bids[offer.bid], inputs.demands[offer.demand]
        won = award.quantity.get(offer.bid, 0.0)
        if bid.bundle or not bid.has_room(won + demand.quantity):
            continue
        month = offer.month * bid.factor_at(won + demand.quantity)
        offer_second(bill_of(inputs, offer, month, ZERO if offer.bid in award.quantity else bid.fixed))
    return best
