namespace Lockstep.Storage.PostgreSql;

internal static class PostgresImport
{
    public const string Marker = "copying";
}
