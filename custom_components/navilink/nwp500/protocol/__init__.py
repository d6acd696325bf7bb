"""What goes over the wire: topics, tables of controls and queries, and the codec. Pure, without input or output."""
