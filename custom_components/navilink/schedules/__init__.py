"""What heaters do by themselves at set times: their schedules, their time-of-use plans, and how both are changed."""
