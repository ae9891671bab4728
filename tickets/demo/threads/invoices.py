"""Conversations about: Invoices and payments."""

from __future__ import annotations

from functools import partial

from tickets.demo.script import CONFIRM, Script, agent, customer, note, reopen, resolve
from tickets.states import Priority

_script = partial(Script, "billing", "invoices-and-payments")

INVOICES: tuple[Script, ...] = (
    _script(
        subject="Invoice {invoice} shows last year's address",
        opening=(
            "Good morning, invoice {invoice} still carries our old address, although we moved in "
            "{month} and I wrote to you then. Our accountant cannot book it like this. Could you send"
            " a corrected one before Wednesday?"
        ),
        steps=(
            note(
                "The address was changed in the customer file, not on the contract. The contract is "
                "what billing prints. Corrected, can be reissued."
            ),
            agent(
                "Hello {first_name}, you are right and I am sorry: the move was noted but not on your"
                " contract. I have put that in order and reissue {invoice} today."
            ),
            customer("Thank you. Will the next ones be right by themselves?"),
            resolve(
                "Yes. The corrected invoice is attached, the old one is cancelled, and you will see "
                "the new address on every invoice from now on."
            ),
            CONFIRM,
        ),
        tags=("invoice", "address"),
    ),
    _script(
        subject="Paid twice: invoice {invoice}",
        opening=(
            "We paid {invoice} by transfer on the 3rd, and on the 5th you also took {amount} from our"
            " account. Please send one of them back."
        ),
        steps=(
            agent(
                "I can see both payments. The direct debit started before the transfer arrived. Would"
                " you like {amount} back, or should we keep it for the next invoice?"
            ),
            customer("Back, please. Our auditors do not love credit balances."),
            note("Refund released, four eyes done."),
            resolve("{amount} is on its way and should arrive within two working days."),
            CONFIRM,
        ),
        tags=("payment", "refund"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Copy of all invoices of last year",
        opening=(
            "For our tax adviser we need all invoices of last year as PDF, one file each, if possible"
            " with the number as file name."
        ),
        steps=(
            resolve(
                "With pleasure. There are twelve invoices and two credit notes. You find them as one "
                "archive under the link in the next message; it works for seven days."
            ),
            CONFIRM,
        ),
        tags=("invoice", "copy"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Reminder for an invoice that we paid",
        opening=(
            "Today we got a second reminder for {invoice} with a fee of 15 euros. We paid three weeks"
            " ago! I attach the bank statement. This is annoying, to be honest."
        ),
        steps=(
            agent(
                "I understand, and I apologise. Your payment arrived with a digit swapped in the "
                "reference, so the machine did not find it. It is assigned now, and the fee is gone."
            ),
            customer("All right. Please make sure we do not get a third one."),
            note("Reminder run stopped for this customer until the 15th to be safe."),
            resolve("No further letter will go out: your account is even as of today."),
            CONFIRM,
            reopen("Believe it or not, the third reminder came this morning."),
            agent(
                "I called the printing house: that letter was already in their batch from last "
                "Thursday. It has no meaning. I am sorry, and I am sending you this in writing for "
                "your files."
            ),
            resolve("Please put the third reminder in the bin. Your balance is zero, confirmation attached."),
        ),
        tags=("reminder", "payment"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Please use purchase order number on invoices",
        opening=(
            "From this month our head office rejects invoices without our purchase order number. Ours"
            " is PO-{order}. Can you print it on every invoice, and reissue {invoice} with it?"
        ),
        steps=(
            agent(
                "I entered PO-{order} on your contract, so all future invoices carry it. {invoice} is"
                " reissued with the same date."
            ),
            resolve("The new PDF is attached."),
            CONFIRM,
        ),
        tags=("invoice", "po"),
    ),
    _script(
        subject="New bank details, is this really you?",
        opening=(
            "I received a letter that says your bank account has changed. It has your logo, but the "
            "tone is odd. Before I pay {amount}: is it real?"
        ),
        steps=(
            agent(
                "Thank you for asking first. No, it is not from us: our bank details have not changed"
                " in nine years. Please do not pay, and send us a photo of the letter, with the "
                "envelope if you still have it."
            ),
            note("Fourth report this week. Warned all customers in the region, police report."),
            customer("Photos attached. It was posted in {city}."),
            resolve("Thank you, that helps the police. The right details are always at the bottom of each invoice."),
            CONFIRM,
        ),
        tags=("payment", "security"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Rechnung {invoice}: falscher Steuersatz",
        opening=(
            "Sehr geehrte Damen und Herren, auf der Rechnung {invoice} wurden 7 % statt 19 % "
            "Umsatzsteuer berechnet. Bitte um eine korrigierte Rechnung, sonst bekommen wir Ärger mit"
            " dem Finanzamt."
        ),
        steps=(
            agent(
                "Guten Tag, vielen Dank für den Hinweis. Die Position „Schulungsunterlagen“ war "
                "falsch zugeordnet. Ich storniere {invoice} und stelle sie neu aus."
            ),
            customer("Danke. Müssen wir den Unterschied noch überweisen?"),
            agent("Ja, bitte den Differenzbetrag mit der neuen Rechnungsnummer."),
            resolve("Storno und neue Rechnung liegen bei."),
            CONFIRM,
        ),
        tags=("invoice", "tax"),
        language="de",
    ),
    _script(
        subject="Payment in three parts",
        opening=(
            "Business was slow and {amount} at once is difficult for us this month. Would three parts"
            " be possible, starting on the 1st?"
        ),
        steps=(
            note("Customer since 2019, never late. Fine by me."),
            agent(
                "That is possible without interest. I prepared a short agreement with three dates; a "
                'reply with "yes" is enough.'
            ),
            customer("Yes. And thank you, that is a relief."),
            resolve("It is in the system. You will get a note a week before each date."),
            CONFIRM,
        ),
        tags=("payment", "plan"),
    ),
    _script(
        subject='What is "Service level B" on my invoice?',
        opening=('Invoice {invoice} has a line "Service level B, {amount}". I never ordered a "B". What is it?'),
        steps=(
            agent(
                "It is the answer time in your contract: within four working hours. The old name was "
                '"Standard". I agree that the letter B explains nothing.'
            ),
            customer("OK, then it is right. Please call it something a human would say."),
            resolve("Passed on to the people who write the invoices, with my support."),
        ),
        tags=("invoice", "question"),
        priority=Priority.LOW,
    ),
    _script(
        subject="فاتورة {invoice} لم تصل",
        opening=(
            "السلام عليكم، لم تصلنا الفاتورة {invoice} حتى الآن، ونحتاجها قبل نهاية الشهر لإغلاق "
            "الحسابات. هل يمكن إرسالها مرة أخرى إلى هذا العنوان؟"
        ),
        steps=(
            agent(
                "وعليكم السلام، نعتذر عن التأخير. أُرسلت الفاتورة إلى عنوان قديم، وقد حدّثنا العنوان "
                "وأرفقنا نسخة منها هنا."
            ),
            customer("وصلت، شكرًا جزيلًا."),
            resolve("على الرحب والسعة. ستصل الفواتير القادمة إلى العنوان الجديد."),
            CONFIRM,
        ),
        tags=("invoice",),
        language="ar",
    ),
    _script(
        subject="Credit note for the returned {device}",
        opening=("We returned one {device} in {month} (order {order}) and still wait for the credit note of {amount}."),
        tags=("credit", "refund"),
    ),
)
