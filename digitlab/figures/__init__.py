"""Data in, plotly Figure out; nothing here knows Streamlit or Keras."""
