using Lockstep.Core.Owner;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.Sqlite;

namespace Lockstep.Core.Tests;

/// <summary>The direction of dependencies, so that a wrong reference fails here and not in a review.</summary>
public sealed class ProjectReferenceTests
{
    [Fact]
    public void Core_ReferencesNothingButTheFramework()
    {
        var references = typeof(InProcessBuckets).Assembly.GetReferencedAssemblies().Select(name => name.Name!);

        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(SqliteDatabase), "Microsoft.Data.Sqlite")]
    [InlineData(typeof(PostgresDatabase), "Npgsql")]
    public void Storage_ReferencesCoreAndItsDriverOnly(Type engine, string driver)
    {
        var references = engine.Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && !name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));

        Assert.Equal(["Lockstep.Core", driver], references.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Gateway_UsesTheStoreOnlyWhereItIsPutTogether()
    {
        var gateway = typeof(Program).Assembly;
        var users = gateway.GetTypes()
            .Where(type => type.Namespace is { } name && !name.EndsWith(".Hosting", StringComparison.Ordinal))
            .Where(type => type.GetFields(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)
                .Any(field => field.FieldType.Assembly == typeof(SqliteDatabase).Assembly || field.FieldType.Assembly == typeof(PostgresDatabase).Assembly));

        Assert.Empty(users);
    }

    [Fact]
    public void OpenTelemetry_IsKnownToOneTypeOnly()
    {
        const System.Reflection.BindingFlags all =
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public;
        var users = typeof(Program).Assembly.GetTypes()
            .Where(type => Knows(type.BaseType) || type.GetFields(all).Any(field => Knows(field.FieldType))
                || type.GetMethods(all).Any(method => Knows(method.ReturnType) || method.GetParameters().Any(parameter => Knows(parameter.ParameterType))))
            .Select(type => type.FullName!.Split('+')[0])
            .Distinct(StringComparer.Ordinal);

        Assert.Equal(["Lockstep.Gateway.Hosting.Telemetry"], users);

        static bool Knows(Type? type) => type?.Assembly.GetName().Name!.StartsWith("OpenTelemetry", StringComparison.Ordinal) == true;
    }
}
