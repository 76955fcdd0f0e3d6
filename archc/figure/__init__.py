"""A network as a figure: blocks to scale as SVG, or its graph as text for Graphviz and Mermaid.

Data flows one way: graph -> blocks -> columns -> rows -> a drawing -> SVG. Nothing here reads a file or measures a
font: the same graph gives the same bytes on any machine.
"""
