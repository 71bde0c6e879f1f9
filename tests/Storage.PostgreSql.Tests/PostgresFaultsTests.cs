using Lockstep.Storage.PostgreSql.Connections;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresFaultsTests
{
    /// <summary>Such as 54000, which an index says of a value that is too long for it: the same statement fails again, for ever.</summary>
    [Theory]
    [InlineData("22001", true)]
    [InlineData("23505", true)]
    [InlineData("54000", true)]
    [InlineData("54023", true)]
    [InlineData("53200", false)]
    [InlineData("40001", false)]
    [InlineData("57014", false)]
    public void Fault_OfValues_IsToldFromOthers(string sqlState, bool isAboutTheData) =>
        Assert.Equal(isAboutTheData, PostgresFaults.IsAboutTheData(new PostgresException("refused", "ERROR", "ERROR", sqlState)));
}
