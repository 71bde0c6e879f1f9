using System.Globalization;
using System.Reflection;
using Lockstep.Storage.PostgreSql.Connections;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>What the locks of programs that run beside each other must agree on.</summary>
public sealed class AdvisoryLocksTests
{
    [Fact]
    public void Numbers_NeverChange_AndNoTwoAreTheSame()
    {
        // Servers of earlier versions lock by these numbers. A new lock is a new line here.
        var frozen = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["Schema"] = 0x6C6F636B_73746570,
            ["Import"] = 0x6C6F636B_696D706F,
            ["AccountName"] = 0x6E616D65,
            ["LoginName"] = 0x6C6F6769,
            ["SyncUser"] = 0x75736572,
            ["AdministratorLinks"] = 0x61646D69,
            ["ServerKeys"] = 0x6B657973,
        };

        Assert.Equal(frozen, typeof(AdvisoryLocks).GetFields(BindingFlags.Public | BindingFlags.Static).ToDictionary(
            static field => field.Name, static field => Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture), StringComparer.Ordinal));
        Assert.Equal(frozen.Count, frozen.Values.Distinct().Count());
    }
}
