"""What only a mistaken spec needs: what its author means, the findings, and the edits that mend it.

A spec without a mistake imports nothing of this, which is most of the language: `archc check` starts so much sooner.
"""
