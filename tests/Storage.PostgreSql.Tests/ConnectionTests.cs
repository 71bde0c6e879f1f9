using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>How the database is named.</summary>
public sealed class ConnectionTests
{
    [Theory]
    [InlineData("primary", true)]
    [InlineData("read-write", true)]
    [InlineData("standby", false)]
    public async Task SessionAttributes_WithOneHost_AreLookedAt(string attributes, bool fits)
    {
        var connection = await PostgresServer.CreateEmptyDatabaseAsync();
        try
        {
            var options = new PostgresOptions { Connection = $"{connection};Target Session Attributes={attributes}" };
            if (fits)
            {
                await using var database = await PostgresDatabase.OpenAsync(options, TimeProvider.System, static _ => { });
                await using var other = new NpgsqlConnection(PostgresDatabase.CreateConnectionString(options, maxConnections: 1));
                await other.OpenAsync();
            }
            else
            {
                var e = await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresDatabase.OpenAsync(options, TimeProvider.System, static _ => { }));
                Assert.Contains("Postgres:Connection", e.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            await PostgresServer.DropDatabaseAsync(connection);
        }
    }

    [Theory]
    [InlineData("postgresql://db/lockstep", "Host=db;Database=lockstep")]
    [InlineData("postgres://alice:p%40ss%3Bw%3Drd@db:6543/lockstep", "Host=db;Port=6543;Username=alice;Password=\"p@ss;w=rd\";Database=lockstep")]
    [InlineData("postgresql://alice@[::1]:5432/lockstep?sslmode=verify-full&connect_timeout=3", "Host=::1;Port=5432;Username=alice;Database=lockstep;SSL Mode=VerifyFull;Timeout=3")]
    [InlineData("postgresql://db/lockstep?user=bob&passfile=%2Frun%2Fpgpass&target_session_attrs=read-write", "Host=db;Database=lockstep;Username=bob;Passfile=/run/pgpass;Target Session Attributes=read-write")]
    public void Uri_MeansTheSameAsItsKeywords(string uri, string keywords) => Assert.Equal(
        new NpgsqlConnectionStringBuilder(keywords).ConnectionString,
        new NpgsqlConnectionStringBuilder(ConnectionUri.ToConnectionString(uri)).ConnectionString);

    [Fact]
    public void Statement_ThatTakesTooLong_IsNeverCancelled()
    {
        // A cancelled wait for a synchronous standby would be taken for a commit.
        using var source = PostgresConnections.CreateSource(new PostgresOptions { Connection = "Host=db;Cancellation Timeout=5000" });

        Assert.Equal(-1, new NpgsqlConnectionStringBuilder(source.ConnectionString).CancellationTimeout);
    }

    [Theory]
    [InlineData("s3cr3t")]
    [InlineData("Host=db;Pass=s3cr3t")]
    [InlineData("Host=db;Port=s3cr3t")]
    [InlineData("postgresql://alice:s3cr3t@/lockstep")]
    [InlineData("postgresql://alice:s3cr3t@a,b/lockstep")]
    [InlineData("postgresql://alice:s3cr3t@db/lockstep?fly=high")]
    [InlineData("postgresql://alice:s3cr3t@db/lockstep?sslmode=sometimes")]
    public void Connection_ThatIsNone_IsRefusedWithoutRepeatingIt(string connection)
    {
        var e = Assert.Throws<PostgresSetupException>(() => PostgresConnections.CreateSource(new PostgresOptions { Connection = connection }));

        Assert.Contains("Postgres:Connection", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", e.Message, StringComparison.Ordinal);
    }
}
