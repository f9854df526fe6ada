"""WeChat's server on loopback, for development and tests: the same paths, answers, limits and single-use rules.

Plain aiohttp, no Django.  ``server`` puts it together, ``harness`` runs it inside a test, the command
``wechat_simulator`` runs it beside the demo.  Never part of a production process.
"""
