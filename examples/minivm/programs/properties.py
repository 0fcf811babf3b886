"""property, classmethod, staticmethod, __getattr__, and descriptors on the way to an attribute."""


class Temperature:
    def __init__(self, celsius):
        self.celsius = celsius

    @property
    def celsius(self):
        """Degrees above freezing."""
        return self._celsius

    @celsius.setter
    def celsius(self, value):
        if value < -273.15:
            raise ValueError(f"{value} is below absolute zero")
        self._celsius = value

    @celsius.deleter
    def celsius(self):
        print("deleting")
        del self._celsius

    @property
    def fahrenheit(self):
        return self.celsius * 9 / 5 + 32

    @classmethod
    def from_fahrenheit(cls, degrees):
        return cls((degrees - 32) * 5 / 9)

    @staticmethod
    def is_hot(degrees):
        return degrees > 30

    def __repr__(self):
        return f"{type(self).__name__}({self.celsius:.1f})"


class Fever(Temperature):
    @property
    def celsius(self):
        return super().celsius + 1

    @celsius.setter
    def celsius(self, value):
        Temperature.celsius.fset(self, value * 2)


class Proxy:
    """Asks another object for what it does not have."""

    def __init__(self, target):
        self.target = target
        self.asked = []

    def __getattr__(self, name):
        self.asked.append(name)
        return getattr(self.target, name)


class Strict:
    def __setattr__(self, name, value):
        if name not in ("x", "y"):
            raise AttributeError(f"no room for {name}")
        super().__setattr__(name, value)

    def __delattr__(self, name):
        raise AttributeError(f"{name} stays")


class Lazy:
    """A descriptor without __set__: the instance's own value wins."""

    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner):
        if instance is None:
            return f"lazy of {owner.__name__}"
        value = self.function(instance)
        instance.__dict__[self.function.__name__] = value
        return value


class Circle:
    def __init__(self, radius):
        self.radius = radius

    @Lazy
    def area(self):
        print("computing")
        return 3 * self.radius**2


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except (AttributeError, ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


boiling = Temperature(100)
print(boiling, boiling.fahrenheit, Temperature.from_fahrenheit(212), Temperature.is_hot(31), boiling.is_hot(5))
boiling.celsius -= 50
print(boiling, attempt(setattr, boiling, "celsius", -300), attempt(setattr, boiling, "fahrenheit", 1))
del boiling.celsius
print(attempt(lambda: boiling.celsius), attempt(delattr, boiling, "fahrenheit"))
print(Fever(10), Fever.from_fahrenheit(32), isinstance(Temperature.celsius, property), Temperature.celsius.__doc__)

proxy = Proxy(Temperature(20))
print(proxy.celsius, proxy.fahrenheit, proxy.is_hot(40), proxy.asked)
print(attempt(lambda: proxy.missing), hasattr(proxy, "nothing"), getattr(proxy, "none", "default"))

strict = Strict()
strict.x = 1
print(strict.x, attempt(setattr, strict, "z", 1), attempt(delattr, strict, "x"))

circle = Circle(2)
print(circle.area, circle.area, Circle.area)
print(callable(circle.area), callable(Circle), callable(boiling.is_hot), callable(attempt))
