"""The Open Container Initiative's formats: images written from plain data, and what others wrote read with care."""
