using Npgsql;
using NpgsqlTypes;

namespace Lockstep.Storage.PostgreSql.Rows;

/// <summary>Typed positional parameters: scalars, and columns of rows as arrays.</summary>
internal sealed class ParameterList(NpgsqlParameterCollection parameters)
{
    public void Add<T>(T value) => parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    public void AddNumber(long? value) =>
        parameters.Add(new NpgsqlParameter { Value = value is { } number ? number : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });

    public void AddText(string? value) =>
        parameters.Add(new NpgsqlParameter<string?> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text });

    public void Add<TRow, T>(IReadOnlyList<TRow> rows, Func<TRow, T> column) =>
        parameters.Add(new NpgsqlParameter<T[]> { TypedValue = Column(rows, column) });

    /// <summary>Like the other one, for a column that mostly has no values. Without any, the array is empty, and <c>unnest</c> puts nulls in their place.</summary>
    public void AddSparse<TRow, T>(IReadOnlyList<TRow> rows, Func<TRow, T> column)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            if (column(rows[i]) is not null)
            {
                Add(rows, column);
                return;
            }
        }

        parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [] });
    }

    public void AddText<TRow>(IReadOnlyList<TRow> rows, Func<TRow, string?> column) => parameters.Add(
        new NpgsqlParameter<string?[]> { TypedValue = Column(rows, column), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });

    private static T[] Column<TRow, T>(IReadOnlyList<TRow> rows, Func<TRow, T> column)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = column(rows[i]);
        }

        return values;
    }
}
