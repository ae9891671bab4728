from django.core.management import call_command


def test_the_drawn_lifecycle_is_the_real_one() -> None:
    call_command("draw_lifecycle", "--check")
