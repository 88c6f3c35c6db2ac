"""Signatures of webhooks, with the example of the reference libraries of Standard Webhooks."""

from __future__ import annotations

from digitizer.client import verify_callback
from digitizer.webhooks import sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1_614_265_330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_has_the_signature_of_the_reference_libraries() -> None:
    assert sign([SECRET], MESSAGE_ID, TIMESTAMP, BODY) == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": SIGNATURE,
    }


def test_the_client_accepts_the_signature_of_the_reference_libraries() -> None:
    headers = {"Webhook-Id": MESSAGE_ID, "Webhook-Timestamp": str(TIMESTAMP), "Webhook-Signature": f"v1a,x v1,AAAA {SIGNATURE}"}
    assert verify_callback(SECRET, headers, BODY, now=TIMESTAMP + 1) == {"test": 2432232314}


def test_every_valid_secret_signs_the_message() -> None:
    other = "whsec_" + "A" * 32
    both = sign([other, SECRET], MESSAGE_ID, TIMESTAMP, BODY)["webhook-signature"].split(" ")
    assert len(both) == 2
    assert both[1] == SIGNATURE
    assert both[0] == sign([other], MESSAGE_ID, TIMESTAMP, BODY)["webhook-signature"]
