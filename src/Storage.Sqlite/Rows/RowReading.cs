using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Rows;

/// <summary>Reads the rows of a statement.</summary>
internal static class RowReading
{
    /// <summary>All rows, in order.</summary>
    public static List<T> ReadAll<T>(SqliteCommand command, Func<SqliteDataReader, T> read)
    {
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <returns>Null if there are no rows.</returns>
    public static T? First<T>(List<T> rows)
        where T : class => rows.Count == 0 ? null : rows[0];
}
