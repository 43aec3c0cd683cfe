"""Build plotly figures; independent of Streamlit and Keras."""
